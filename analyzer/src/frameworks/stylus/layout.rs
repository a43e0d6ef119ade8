//! Where fields lie: 32-byte slots in declared order. A field joins the slot of the one before it if its bytes fit into
//! what is left, from the low end; maps, lists, byte strings and structs begin a slot of their own. An entry of a map is
//! at the hash of key and slot, the elements of a list from the hash of its slot on, several to a slot when they are
//! narrow.
//! Source: stylus-sdk-rs `stylus-proc/src/macros/storage.rs`, `stylus-sdk/src/storage/{map,vec,array,bytes}.rs`.

use crate::effects::Engine;
use crate::effects::ty::Ty;
use crate::ir::hir::ItemKind;
use crate::ir::{Cell, Const, Entry, KeyHash, Mode, Slot, SlotStep, Term, Unit};
use std::collections::BTreeMap;

/// Structs inside each other deeper than this have no known place.
const MAX_DEPTH: usize = 16;
/// Slots one struct may take; more is no real contract.
const MAX_SLOTS: u64 = 1 << 32;

/// Places of cells by name.
pub(super) struct Layout {
    slots: BTreeMap<String, Slot>,
}

/// Bytes a value takes in a slot, and the slots of its own it fills (none for what may share one, a map or a list).
#[derive(Clone, Copy, PartialEq, Eq)]
struct Size {
    bytes: u64,
    slots: u64,
}

const WORD: Size = Size { bytes: 32, slots: 0 };

/// Goes through the fields of a struct.
struct Cursor {
    slot: u64,
    space: u64,
}

impl Cursor {
    /// The slot and the offset from its low end of the next field.
    fn next(&mut self, size: Size) -> (u64, u64) {
        if self.space < size.bytes {
            self.space = 32;
            self.slot += 1;
        }
        self.space -= size.bytes;
        let at = (self.slot, 32 - self.space - size.bytes);
        if size.slots > 0 {
            self.slot += size.slots;
            self.space = 32;
        }
        at
    }

    fn slots(&self) -> u64 {
        if self.space != 32 || self.slot == 0 { self.slot + 1 } else { self.slot }
    }
}

/// What a type is to the layout.
enum Shape {
    /// A value of so many bytes.
    Bytes(u64),
    Map(Ty, Ty),
    List(Ty),
    Array(Ty, u64),
    Text,
    Nothing,
    Struct,
    Unknown,
}

impl Layout {
    /// Where the fields of the contract's roots lie.
    pub(super) fn of(engine: &mut Engine<'_>, roots: &[Ty]) -> Layout {
        let mut layout = Layout { slots: BTreeMap::new() };
        for ty in roots {
            let slot = Slot { start: "0".to_owned(), steps: Vec::new(), offset: 0, bytes: 32 };
            layout.walk(engine, ty, "", &slot, 0);
        }
        layout
    }

    fn walk(&mut self, engine: &mut Engine<'_>, ty: &Ty, path: &str, slot: &Slot, depth: usize) {
        if depth > MAX_DEPTH || slot.steps.len() > 4 * MAX_DEPTH {
            return;
        }
        let at = |steps: &[SlotStep], bytes: u64| {
            let mut slot = Slot { offset: 0, bytes: bytes as u8, ..slot.clone() };
            slot.steps.extend(steps.iter().cloned());
            slot
        };
        match shape(engine, ty) {
            Shape::Bytes(bytes) => {
                self.slots.insert(path.to_owned(), Slot { bytes: bytes as u8, ..slot.clone() });
            }
            Shape::Map(key, value) => {
                let bytes = size(engine, &value, depth).map_or(32, |size| size.bytes);
                let step = SlotStep::Map { key: key_hash(engine, &key) };
                self.walk(engine, &value, path, &at(&[step], bytes), depth + 1);
            }
            Shape::List(element) => {
                self.slots.insert(format!("{path}.len"), at(&[], 32));
                if let Some(size) = size(engine, &element, depth) {
                    let steps = [SlotStep::Data, index(size)];
                    self.walk(engine, &element, path, &at(&steps, size.bytes), depth + 1);
                }
            }
            Shape::Array(element, _) => {
                if let Some(size) = size(engine, &element, depth) {
                    self.walk(engine, &element, path, &at(&[index(size)], size.bytes), depth + 1);
                }
            }
            Shape::Text => {
                self.slots.insert(path.to_owned(), at(&[], 32));
                self.slots.insert(format!("{path}.data"), at(&[SlotStep::Data, index(WORD)], 32));
            }
            Shape::Struct => {
                let mut cursor = Cursor { slot: 0, space: 32 };
                for (name, field) in engine.field_types(ty, None).iter() {
                    // What follows a field of unknown size has no known place.
                    let Some(size) = size(engine, field, depth + 1) else { return };
                    let (number, offset) = cursor.next(size);
                    if cursor.slot > MAX_SLOTS {
                        return;
                    }
                    let further = [SlotStep::Add(number)];
                    let mut inner = at(if number > 0 { &further[..] } else { &[] }, size.bytes);
                    inner.offset = offset as u8;
                    merge(&mut inner);
                    let path = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
                    self.walk(engine, field, &path, &inner, depth + 1);
                }
            }
            Shape::Nothing | Shape::Unknown => {}
        }
    }

    /// Puts cells into their slots, and says of accesses what that means: setting a part of a slot reads the slot, and
    /// elements of one slot are one unit.
    pub(super) fn place(&self, cells: &mut [Cell], entries: &mut [Entry]) {
        let mut units: BTreeMap<(String, Vec<SlotStep>), usize> = BTreeMap::new();
        for cell in cells.iter_mut().filter(|cell| !cell.implicit) {
            cell.storage.kind = "slot".to_owned();
            cell.storage.prefix = None;
            cell.unit.kind = "slot".to_owned();
            let number = cell.name.strip_prefix("slot ").filter(|number| number.chars().all(|c| c.is_ascii_digit()));
            cell.storage.slot = match number {
                Some(number) => Some(numbered(number)),
                None => self.slots.get(&cell.name).cloned(),
            };
            if let Some(slot) = &cell.storage.slot {
                *units.entry(unit_of(slot)).or_default() += 1;
            }
        }
        for cell in cells.iter_mut() {
            let Some(slot) = &cell.storage.slot else {
                // Fields behind one whose size is not known may share slots with each other.
                if !cell.implicit && !cell.name.starts_with("slot ") {
                    cell.unit = Unit { kind: "storage".to_owned(), id: "slot ?".to_owned() };
                }
                continue;
            };
            if units.get(&unit_of(slot)).is_some_and(|count| *count > 1) {
                cell.unit = Unit { kind: "slot".to_owned(), id: name_of(slot) };
            }
        }
        for access in entries.iter_mut().flat_map(|entry| &mut entry.accesses) {
            let Some(slot) = cells.get(access.cell.0 as usize).and_then(|cell| cell.storage.slot.as_ref()) else {
                continue;
            };
            if slot.bytes < 32 && matches!(access.mode, Mode::Write | Mode::Delete) {
                access.mode = Mode::Update;
            }
            let mut component = 0;
            for step in &slot.steps {
                if let SlotStep::Index { bytes, .. } = step {
                    let many = 32 / u64::from((*bytes).max(1));
                    if let Some(term) = access.key.get_mut(component).filter(|_| many > 1) {
                        *term = word_of(term, many);
                    }
                }
                component += usize::from(matches!(step, SlotStep::Index { .. } | SlotStep::Map { .. }));
            }
        }
        for entry in entries {
            entry.accesses.sort();
            entry.accesses.dedup();
        }
    }
}

/// The slot a cell is in, without the place inside it.
fn unit_of(slot: &Slot) -> (String, Vec<SlotStep>) {
    (slot.start.clone(), slot.steps.clone())
}

/// The slot of this number, in the form in which declared fields have theirs: so far from the first.
fn numbered(number: &str) -> Slot {
    let (start, steps) = match number.parse::<u64>() {
        Ok(0) => ("0", Vec::new()),
        Ok(number) => ("0", vec![SlotStep::Add(number)]),
        // Farther than fields lie.
        Err(_) => (number, Vec::new()),
    };
    Slot { start: start.to_owned(), steps, offset: 0, bytes: 32 }
}

/// `slot 3`, `slot 3[]+1`: for people, and the same for every cell of the slot.
fn name_of(slot: &Slot) -> String {
    let mut number = slot.start.clone();
    let mut text = String::new();
    for step in &slot.steps {
        match step {
            SlotStep::Add(more) if text.is_empty() && number.parse::<u64>().is_ok() => {
                number = number.parse::<u64>().map_or(number, |first| first.saturating_add(*more).to_string());
            }
            SlotStep::Add(more) => text.push_str(&format!("+{more}")),
            SlotStep::Map { .. } | SlotStep::Index { .. } => text.push_str("[]"),
            SlotStep::Data => text.push_str(".data"),
        }
    }
    format!("slot {number}{text}")
}

/// The number of the slot of an element of which several share one.
fn word_of(index: &Term, many: u64) -> Term {
    match index {
        Term::Any | Term::Prefix(_) => index.clone(),
        Term::Const(Const::Int(at)) => Term::Const(Const::Int(at / i128::from(many))),
        term => Term::Fn {
            name: "word".to_owned(),
            of: vec![term.clone(), Term::Const(Const::Int(i128::from(many)))],
            injective: false,
        },
    }
}

/// Two additions in a row are one.
fn merge(slot: &mut Slot) {
    if let [.., SlotStep::Add(a), SlotStep::Add(b)] = slot.steps.as_slice() {
        let sum = a.saturating_add(*b);
        slot.steps.truncate(slot.steps.len() - 2);
        slot.steps.push(SlotStep::Add(sum));
    }
}

fn index(size: Size) -> SlotStep {
    SlotStep::Index { bytes: size.bytes.min(32) as u8, slots: size.slots.max(1) }
}

/// The size of a type's values; `None` when it is not known.
fn size(engine: &mut Engine<'_>, ty: &Ty, depth: usize) -> Option<Size> {
    if depth > MAX_DEPTH {
        return None;
    }
    Some(match shape(engine, ty) {
        Shape::Bytes(bytes) => Size { bytes, slots: 0 },
        Shape::Map(..) | Shape::List(_) | Shape::Text => WORD,
        Shape::Nothing => Size { bytes: 0, slots: 0 },
        Shape::Array(element, length) => {
            let element = size(engine, &element, depth + 1)?;
            let reserved = length.saturating_mul(element.slots);
            let packed = length.div_ceil(32 / element.bytes.clamp(1, 32));
            Size { bytes: 32, slots: reserved.max(packed) }
        }
        Shape::Struct => {
            let mut cursor = Cursor { slot: 0, space: 32 };
            for (_, field) in engine.field_types(ty, None).iter() {
                cursor.next(size(engine, field, depth + 1)?);
                if cursor.slot > MAX_SLOTS {
                    return None;
                }
            }
            Size { bytes: 32, slots: cursor.slots() }
        }
        Shape::Unknown => return None,
    })
}

fn shape(engine: &Engine<'_>, ty: &Ty) -> Shape {
    let Ty::Adt(id, args) = ty else { return Shape::Unknown };
    let item = engine.item(*id);
    if !matches!(item.kind, ItemKind::Struct(_)) {
        return Shape::Unknown;
    }
    if !engine.is_model(id.krate) {
        return Shape::Struct;
    }
    let arg = |at: usize| args.get(at).cloned().unwrap_or(Ty::Unknown);
    let number = |at: usize| match args.get(at) {
        Some(Ty::Prim(text)) => text.parse::<u64>().ok(),
        _ => None,
    };
    let bytes =
        |bytes: Option<u64>| bytes.filter(|bytes| (1..=32).contains(bytes)).map_or(Shape::Unknown, Shape::Bytes);
    match item.name.as_str() {
        "StorageUint" | "StorageSigned" => bytes(number(0).map(|bits| bits / 8)),
        "StorageFixedBytes" => bytes(number(0)),
        "StorageBool" => Shape::Bytes(1),
        "StorageAddress" => Shape::Bytes(20),
        "StorageBlockNumber" => Shape::Bytes(8),
        "StorageBlockHash" => Shape::Bytes(32),
        "StorageMap" => Shape::Map(arg(0), arg(1)),
        "StorageVec" => Shape::List(arg(0)),
        "StorageArray" => number(1).map_or(Shape::Unknown, |length| Shape::Array(arg(0), length)),
        "StorageBytes" | "StorageString" => Shape::Text,
        "PhantomData" => Shape::Nothing,
        _ => Shape::Unknown,
    }
}

/// How a key goes into the hash: a number fills 32 bytes from the low end, a byte string of fixed length from the high
/// end, text and bytes stand as they are.
fn key_hash(engine: &Engine<'_>, key: &Ty) -> KeyHash {
    match key {
        Ty::Prim(name) if name == "str" => KeyHash::Raw,
        Ty::Prim(_) => KeyHash::Number,
        Ty::Seq(_) | Ty::Set(_) => KeyHash::Raw,
        Ty::Adt(id, _) => match engine.item(*id).name.as_str() {
            "Address" | "Uint" | "Signed" => KeyHash::Number,
            "FixedBytes" => KeyHash::Bytes,
            _ => KeyHash::Unknown,
        },
        _ => KeyHash::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Size};

    #[test]
    fn packing() {
        let mut cursor = Cursor { slot: 0, space: 32 };
        let of = |bytes| Size { bytes, slots: 0 };
        assert_eq!(cursor.next(of(20)), (0, 0));
        assert_eq!(cursor.next(of(8)), (0, 20));
        assert_eq!(cursor.next(of(8)), (1, 0));
        assert_eq!(cursor.next(Size { bytes: 32, slots: 2 }), (2, 0));
        assert_eq!(cursor.next(of(1)), (4, 0));
        assert_eq!(cursor.slots(), 5);
        assert_eq!(Cursor { slot: 0, space: 32 }.slots(), 1);
    }
}
