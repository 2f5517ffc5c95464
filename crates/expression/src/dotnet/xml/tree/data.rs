//! The node itself: its size, its text, copies of it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::{Content, Data, Element};

impl Data {
    fn lists(&self) -> [Option<&Mutex<Vec<Arc<Data>>>>; 2] {
        match &self.content {
            Content::Document { children, .. } => [Some(children), None],
            Content::Element(element) => [Some(&element.children), Some(&element.attributes)],
            _ => [None, None],
        }
    }

    pub(super) fn size(&self) -> usize {
        let lists = self.lists().into_iter().flatten();
        1 + lists.map(|list| list.lock().iter().map(|data| data.size()).sum::<usize>()).sum::<usize>()
    }

    pub(super) fn push_text(&self, out: &mut String) {
        match &self.content {
            Content::Text(text) | Content::CData(text) => out.push_str(&text.lock()),
            Content::Attribute { value, .. } => out.push_str(&value.lock()),
            Content::Document { children, .. } => {
                children.lock().iter().for_each(|child| child.push_text(out))
            }
            Content::Element(element) => {
                element.children.lock().iter().for_each(|child| child.push_text(out))
            }
            Content::Comment(_)
            | Content::Instruction { .. }
            | Content::DocumentType(_)
            | Content::Declaration(_) => {}
        }
    }

    pub(super) fn copy(&self) -> Arc<Data> {
        let copied = Arc::new(Data {
            content: self.content.shallow_copy(),
            parent: Mutex::new(Weak::new()),
            height: AtomicU32::new(0),
        });
        copied.adopt_copies(self);
        copied
    }

    /// Copies of what lies below another node.
    pub(super) fn adopt_copies(self: &Arc<Self>, other: &Data) {
        self.height.store(other.height.load(Ordering::Relaxed), Ordering::Relaxed);
        for (to, from) in self.lists().into_iter().flatten().zip(other.lists().into_iter().flatten()) {
            let adopted: Vec<Arc<Data>> = from.lock().iter().map(|data| data.copy()).collect();
            for data in &adopted {
                *data.parent.lock() = Arc::downgrade(self);
            }
            *to.lock() = adopted;
        }
    }
}

impl Content {
    pub(super) fn shallow_copy(&self) -> Content {
        let text = |text: &Mutex<String>| Mutex::new(text.lock().clone());
        match self {
            Content::Document { declaration, .. } => Content::Document {
                declaration: Mutex::new(declaration.lock().clone()),
                children: Mutex::default(),
            },
            Content::Element(element) => Content::Element(Element {
                name: Mutex::new(element.name.lock().clone()),
                attributes: Mutex::default(),
                children: Mutex::default(),
                has_empty_text: Mutex::new(*element.has_empty_text.lock()),
            }),
            Content::Attribute { name, value } => {
                Content::Attribute { name: name.clone(), value: text(value) }
            }
            Content::Text(own) => Content::Text(text(own)),
            Content::CData(own) => Content::CData(text(own)),
            Content::Comment(own) => Content::Comment(text(own)),
            Content::Instruction { target, data } => {
                Content::Instruction { target: text(target), data: text(data) }
            }
            Content::DocumentType(found) => Content::DocumentType(Mutex::new(found.lock().clone())),
            Content::Declaration(found) => Content::Declaration(Mutex::new(found.lock().clone())),
        }
    }
}
