"""RFB, the protocol of VNC."""
