//! Trees put together from parts, for whoever keeps trees in another form than JSON text.

use super::edit::joined;
use super::node::JToken;
use super::tree::{Content, NONE};
use crate::value::Text;

impl JToken {
    /// A JArray of these tokens, which are roots of trees of their own.
    pub fn array_of(items: impl IntoIterator<Item = JToken>) -> JToken {
        let array = Self::array();
        for item in items {
            joined(&array, &item, |nodes, array, item| {
                nodes.set_parent(item, array);
                if let Some(list) = nodes.list_mut(array) {
                    list.ids.push(item);
                }
            });
        }
        array
    }

    /// A JObject of these properties, whose names are different and whose values are roots of trees of their own.
    pub fn object_of(properties: impl IntoIterator<Item = (Text, JToken)>) -> JToken {
        let object = Self::object();
        for (name, value) in properties {
            joined(&object, &value, |nodes, object, value| {
                let property = nodes.push(NONE, Content::Property { name, value });
                nodes.set_parent(property, object);
                nodes.set_parent(value, property);
                if let Some(list) = nodes.list_mut(object) {
                    list.ids.push(property);
                }
            });
        }
        object
    }
}
