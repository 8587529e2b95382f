"""What the owner translates: each text beside its original."""
