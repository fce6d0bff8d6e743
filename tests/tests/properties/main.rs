//! What holds for every input, on thousands of generated ones. A failure prints the smallest input
//! that shows it and a seed; `PROPTEST_CASES` makes more of them.

mod header;
mod names;
mod refusals;
mod shown;
mod text;
mod times;
mod tokens;
