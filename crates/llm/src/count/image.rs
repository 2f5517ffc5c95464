//! What OpenAI documents for images in its vision guide: tiles of 512 pixels, or patches of 32 with the small models.

mod size;
#[cfg(test)]
mod tests;

use super::vocabulary::{base_name, is_of};
use crate::prompt::{Image, ImageSource};

pub(super) use size::Size;

/// The size taken for an image that does not tell its own.
const UNKNOWN_SIZE: Size = Size { width: 1024, height: 1024 };

/// How a model counts an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// A base, and so much for each tile.
    Tiles { base: u64, tile: u64 },
    /// So many hundredths of a token for each patch.
    Patches { hundredths: u64 },
}

/// Beginnings of model names, longer ones before their own beginnings. Other models count as GPT-4o does.
const BY_PREFIX: [(&str, Rule); 10] = [
    ("gpt-4o-mini", Rule::Tiles { base: 2833, tile: 5667 }),
    ("gpt-4.1-mini", Rule::Patches { hundredths: 162 }),
    ("gpt-4.1-nano", Rule::Patches { hundredths: 246 }),
    ("gpt-5-mini", Rule::Patches { hundredths: 162 }),
    ("gpt-5-nano", Rule::Patches { hundredths: 246 }),
    ("gpt-5", Rule::Tiles { base: 70, tile: 140 }),
    ("o4-mini", Rule::Patches { hundredths: 172 }),
    ("o1", Rule::Tiles { base: 75, tile: 150 }),
    ("o3", Rule::Tiles { base: 75, tile: 150 }),
    ("computer-use-preview", Rule::Tiles { base: 65, tile: 129 }),
];

const GPT_4O: Rule = Rule::Tiles { base: 85, tile: 170 };

/// Tokens of an image. `auto` detail counts as high, which the service takes for all but small images.
pub(super) fn tokens(model: &str, image: &Image<'_>) -> u64 {
    let name = base_name(model);
    let known = BY_PREFIX.iter().find(|(prefix, _)| is_of(name, prefix));
    let rule = known.map_or(GPT_4O, |(_, rule)| *rule);
    let size = || size_of(&image.source).unwrap_or(UNKNOWN_SIZE);
    match rule {
        Rule::Tiles { base, .. } if image.detail.as_deref() == Some("low") => base,
        Rule::Tiles { base, tile } => base.saturating_add(tile.saturating_mul(tiles(size()))),
        Rule::Patches { hundredths } => patches(size()).saturating_mul(hundredths).div_ceil(100),
    }
}

fn size_of(source: &ImageSource<'_>) -> Option<Size> {
    match source {
        ImageSource::Url(url) => {
            let (header, data) = url.strip_prefix("data:")?.split_once(',')?;
            header.ends_with(";base64").then(|| Size::of_base64(data))?
        }
        ImageSource::Base64(data) => Size::of_base64(data),
        ImageSource::Stored => None,
    }
}

/// Tiles that cover the image once it is made to fit 2048 by 2048 pixels and then 768 on its shorter side.
fn tiles(size: Size) -> u64 {
    let longer = f64::from(size.width.max(size.height));
    let fit = (2048.0 / longer).min(1.0);
    let shorter = f64::from(size.width.min(size.height)) * fit;
    let scale = fit * (768.0 / shorter).min(1.0);
    let along = |pixels: u32| (f64::from(pixels) * scale / 512.0).ceil().max(1.0) as u64;
    along(size.width).saturating_mul(along(size.height))
}

/// Patches that cover the image, made smaller where it would need more than 1536.
fn patches(size: Size) -> u64 {
    const MOST: f64 = 1536.0;
    let (width, height) = (f64::from(size.width) / 32.0, f64::from(size.height) / 32.0);
    let covering = |scale: f64| (width * scale).ceil().max(1.0) * (height * scale).ceil().max(1.0);
    if covering(1.0) <= MOST {
        return covering(1.0) as u64;
    }
    let shrink = (MOST / (width * height)).sqrt();
    let whole = |patches: f64| patches.floor().max(1.0) / patches;
    let shrink = shrink * whole(width * shrink).min(whole(height * shrink)).min(1.0);
    // A hair less, so that a whole number of patches stays one in floating point.
    covering(shrink - f64::EPSILON).min(MOST) as u64
}
