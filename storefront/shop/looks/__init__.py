"""The shop's looks: accent color, type, logo, icon and own font. What an owner chose, and the stylesheet of it."""
