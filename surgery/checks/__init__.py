"""Rules of the surgery room: plain Python, facts in, finding out."""
