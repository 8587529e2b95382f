"""What a browser sees of the sandbox."""
