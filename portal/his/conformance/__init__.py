"""Does a HIS keep the contract? Numbered cases, all of them drawn from it."""
