"""What an accountant asks for: every movement of money as a row of a file, and what was sold across the EU."""
