"""What is said on one link: who has which address, who is next to whom, who hands addresses out."""
