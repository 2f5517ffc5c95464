//! What the service is asked about a message: its text in windows.

use super::rules::Rules;
use super::service::{Failure, Question};
use super::texts::Texts;
use super::windows::{MOST_CHARACTERS, WindowSize};

/// Documents in one question at most.
const MOST_DOCUMENTS: usize = 5;

/// Questions about one message at most. A longer one is not judged, and so does not pass.
const MOST_QUESTIONS: usize = 200;

/// The questions about a message that is there as a whole.
///
/// # Errors
/// The message is so long that it would take too many.
pub(super) fn of_texts(rules: &Rules, window: WindowSize, texts: &Texts) -> Result<Vec<Question>, Failure> {
    let mut questions = Vec::new();
    if rules.analyzes() {
        questions.extend(window.split(&texts.all).into_iter().map(Question::Analyze));
    }
    if rules.shields {
        shield(window, texts, &mut questions);
    }
    if questions.len() > MOST_QUESTIONS {
        let (asked, most) = (questions.len(), MOST_QUESTIONS);
        let message =
            format!("the text would take {asked} questions to content safety, and {most} are the most");
        return Err(Failure::new("TextTooLong", message));
    }
    Ok(questions)
}

/// The questions about a window of a response. `is_document` says that it comes from a tool, not from a model.
pub(super) fn of_window(rules: &Rules, window: String, is_document: bool) -> Vec<Question> {
    let is_shielded = rules.shields && is_document;
    let attack = is_shielded.then(|| Question::Shield { prompt: None, documents: vec![window.clone()] });
    let harm = rules.analyzes().then_some(Question::Analyze(window));
    harm.into_iter().chain(attack).collect()
}

/// Pairs the windows of the prompt with bundles of documents.
fn shield(window: WindowSize, texts: &Texts, questions: &mut Vec<Question>) {
    let mut prompts = window.split(&texts.prompt).into_iter();
    let mut bundles = bundles(window, &texts.documents).into_iter();
    loop {
        let (prompt, documents) = (prompts.next(), bundles.next());
        if prompt.is_none() && documents.is_none() {
            return;
        }
        questions.push(Question::Shield { prompt, documents: documents.unwrap_or_default() });
    }
}

/// Documents as the service takes them: at most five, of 10,000 characters together.
fn bundles(window: WindowSize, documents: &[String]) -> Vec<Vec<String>> {
    let mut bundles: Vec<Vec<String>> = Vec::new();
    let mut room = 0;
    for document in documents.iter().flat_map(|document| window.split(document)) {
        let length = document.encode_utf16().count();
        match bundles.last_mut() {
            Some(bundle) if bundle.len() < MOST_DOCUMENTS && length <= room => bundle.push(document),
            _ => {
                room = MOST_CHARACTERS;
                bundles.push(vec![document]);
            }
        }
        room -= length;
    }
    bundles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_bundled_as_the_service_takes_them() {
        let window = WindowSize::new(MOST_CHARACTERS, 0).unwrap();
        let documents =
            |lengths: &[usize]| lengths.iter().map(|length| "x".repeat(*length)).collect::<Vec<_>>();
        let lengths = |documents: &[String]| -> Vec<Vec<usize>> {
            let bundles = bundles(window, documents);
            bundles.iter().map(|bundle| bundle.iter().map(String::len).collect()).collect()
        };
        assert_eq!(lengths(&documents(&[1; 7])), [vec![1; 5], vec![1; 2]]);
        assert_eq!(lengths(&documents(&[6_000, 4_000, 1])), [vec![6_000, 4_000], vec![1]]);
        assert_eq!(lengths(&documents(&[12_000, 8_000])), [vec![10_000], vec![2_000, 8_000]]);
        assert!(lengths(&[]).is_empty());
    }
}
