"""The book: what is known to differ, with a reason, a witness and the difference expected; see docs/book.md."""
