"""Watching a network: scans on a schedule, and only changes are told.

``schedule`` says when, ``turns`` runs one scan after another, ``news`` finds what is worth telling
in the history, ``message`` writes it down, ``telling`` sees to it that every receiver hears of
everything, ``notify`` sends it, and ``alone`` keeps two watches from looking at once.
"""
