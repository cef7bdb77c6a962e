"""Networks as files that are shared without their runs."""
