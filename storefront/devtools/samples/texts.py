"""The sample products' descriptions, in Markdown."""

TOOL = """
Every disk has them: the photographs that were copied "just in case", the download that was downloaded
again, the folder that somebody dragged into itself. Twinspot reads a folder and everything below it and
shows which files have **the same content**, whatever they are called.

## What it does

- Finds files with the same content, the most wasteful group first
- Reads only files of equal size, so a large disk takes minutes, not hours
- Prints a script that would remove the twins, for you to read before you run it
- Never deletes, moves or uploads anything by itself

## What you get

One script for Python 3.9 or newer, with nothing to install, and a license key. Every release of version 2
is included; it appears on your order's page on the day it is out.
"""

BOOK = """
A drawer full of little programs, and the day one of them gets its **second user**. Ines Arvola writes about
tools that stay small on purpose: which promises to make, what to charge, and how to leave a thing in good
order when you are done with it.

> A promise is a kind of loan. Every feature borrows from the time you will have later, and a small tool
> lives long because its maker borrowed little.

Five chapters in one EPUB file, without copy protection, for any reader app or e-reader.
"""

SOUNDS = """
Sounds that a person can hear two hundred times a day. Twelve short files with a soft start, so that nothing
clicks, and at one loudness, so that nothing jumps out.

- `added`, `removed`, `tap`, `tap-soft`, `toggle-on`, `toggle-off`
- `done`, `paid`, `message`, `attention`, `refused`, `sleep`

WAV, 16 bit, mono, 22,050 Hz, in one zip. Use them in anything you make and sell; just do not sell
the sounds as sounds.
"""

FONT = """
Gridling began as the labels on a home-made synthesizer, where seven rows of dots were all there was.
Its letters keep to that grid: square shoulders, open corners, and one case for everything.

- A to Z, the numerals and the punctuation you need for a poster or a scoreboard
- Sharp at 10, 20, 30 pixels and every other multiple of ten
- A TrueType file for the desktop and for the web

Free for any use, also for money. We only ask for an address to send your download link to.
"""
