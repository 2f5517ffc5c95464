//! `for`, `JSONArrayFor` and `tablerow`.

use sekisho_expression::value::Text;

use super::{Flow, Renderer};
use crate::liquid::Failure;
use crate::liquid::node::{For, Offset};
use crate::liquid::value::{Loop, Value};

impl Renderer<'_> {
    /// The collection of a loop and the places to walk over, first and past the last.
    fn segment(&mut self, turns: &For) -> Result<Option<(Value, i64, i64)>, Failure> {
        let collection = match self.evaluate(&turns.collection)? {
            Value::Text(text) => Value::array(self.letters(&text)?),
            other => other,
        };
        let Some(count) = collection.count() else { return Ok(None) };
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let from = match &turns.offset {
            Offset::Continue => self.ended.get(&turns.name).copied().unwrap_or(0),
            Offset::At(None) => 0,
            Offset::At(Some(offset)) => self.number(offset)?.unwrap_or(0),
        };
        let from = from.clamp(0, count);
        let limit = match &turns.limit {
            Some(limit) => self.number(limit)?,
            None => None,
        };
        let to = limit.map_or(count, |limit| from.saturating_add(limit.max(0)).min(count));
        Ok((from < to).then_some((collection, from, to)))
    }

    pub(super) fn repeat(&mut self, turns: &For) -> Result<Flow, Failure> {
        let Some((collection, from, to)) = self.segment(turns)? else { return self.nodes(&turns.otherwise) };
        self.ended.insert(turns.name.clone(), to);
        for index in 0..to - from {
            self.budget.step()?;
            let place = if turns.reversed { to - 1 - index } else { from + index };
            let Some(item) = usize::try_from(place).ok().and_then(|place| collection.item(place)) else {
                break;
            };
            if index > 0 {
                self.write(turns.separator)?;
            }
            let position = Loop { name: turns.name.clone(), length: to - from, index, column: None };
            if self.turn(turns, item, "forloop", position)? == Flow::Break {
                break;
            }
        }
        Ok(Flow::Next)
    }

    /// The letters of a text, as UTF-16 counts them.
    pub(in crate::liquid) fn letters(&mut self, text: &Text) -> Result<Vec<Value>, Failure> {
        self.budget.allocate(text.len() * size_of::<Value>())?;
        self.budget.steps(text.len() as u64)?;
        Ok(text.units().into_iter().map(|unit| Value::Text(Text::from_units(&[unit]))).collect())
    }

    fn turn(&mut self, turns: &For, item: Value, name: &str, position: Loop) -> Result<Flow, Failure> {
        let outer = self.loops.len();
        self.loops.push((Text::from(name), Value::Loop(position)));
        self.loops.push((turns.variable.clone(), item));
        let flow = self.nodes(&turns.nodes);
        self.loops.truncate(outer);
        flow
    }

    pub(super) fn table(&mut self, turns: &For) -> Result<Flow, Failure> {
        let Some((collection, from, to)) = self.segment(turns)? else { return Ok(Flow::Next) };
        let columns = match &turns.columns {
            Some(columns) => self.number(columns)?.unwrap_or(0),
            None => to - from,
        };
        self.write("<tr class=\"row1\">\n")?;
        let (mut row, mut column) = (1, 0);
        for index in 0..to - from {
            self.budget.step()?;
            let Some(item) = usize::try_from(from + index).ok().and_then(|place| collection.item(place))
            else {
                break;
            };
            let position =
                Loop { name: turns.name.clone(), length: to - from, index, column: Some((column, columns)) };
            column += 1;
            self.write(&format!("<td class=\"col{column}\">"))?;
            let flow = self.turn(turns, item, "tablerowloop", position)?;
            self.write("</td>")?;
            if flow == Flow::Break {
                break;
            }
            if column == columns && index != to - from - 1 {
                (row, column) = (row + 1, 0);
                self.write(&format!("</tr>\n<tr class=\"row{row}\">"))?;
            }
        }
        self.write("</tr>\n")?;
        Ok(Flow::Next)
    }
}
