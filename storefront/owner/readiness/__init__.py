"""Ready to sell? What is asked, what follows from it, and what is still to do."""
