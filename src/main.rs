mod lab;
mod lesson;
mod op;
mod session;
mod words;

fn main() {}
