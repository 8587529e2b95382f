"""One email about a checkout that was left: who agreed to it, who ended it, and how long what is kept."""
