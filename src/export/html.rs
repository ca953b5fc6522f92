use super::book::Book;
pub fn html(_book: &Book) -> String {
    String::new()
}
