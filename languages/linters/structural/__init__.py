"""Our own rules under the check ids of Credo, Sobelow and gosec, for machines that lack those tools."""
