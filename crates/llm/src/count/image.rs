//! What OpenAI documents for images.

use crate::prompt::Image;

/// Tokens of an image.
pub(super) fn tokens(_model: Option<&str>, _image: &Image<'_>) -> u64 {
    765
}
