"""`python -m storefront` is the `storefront` command."""

from storefront.cli import main

if __name__ == "__main__":
    main()
