"""Pictures and samples of products: made fit for pages, kept in the storage, served at `/media`."""
