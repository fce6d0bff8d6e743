//! Properties that hold for every input, tested with thousands of generated inputs. A failure
//! prints the smallest failing input and a seed. Set `PROPTEST_CASES` for more inputs.

mod header;
mod names;
mod refusals;
mod shown;
mod text;
mod times;
mod tokens;
