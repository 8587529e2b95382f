"""Who changed what, when and from where: written with the change, read by owners, altered by nobody."""
