"""The pages under /admin: who runs the shop signs in and sees it. Views only; the work is done elsewhere."""
