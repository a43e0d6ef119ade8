//! What makes a cell hot: one shape per cell, so that one cause is told once. A cell is hot when messages that anyone may
//! send change it at a key that is the same in every call. The order below is the order of decision: the first shape that
//! fits is the one that names the cure.

use super::facts::{At, Cx, own, per_call, writes};
use crate::ir::{Access, Cell, CellId, Certainty, Mode, Term, Type};

/// Why a cell is hot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// The length or count that a container keeps of itself.
    ContainerCount,
    /// A position in a list of things that have a name of their own.
    Index,
    /// A number that names what is stored.
    Sequence,
    /// A list or map stored as one value.
    Collection,
    /// A sum over amounts kept per sender or argument.
    Total,
    /// A number that counts.
    Counter,
    /// A record or value that other messages read and do not change.
    Shared,
    /// Anything else: a value that every call sets.
    Other,
}

/// A hot cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hot {
    /// The cell.
    pub(crate) cell: CellId,
    /// Why.
    pub(crate) shape: Shape,
    /// The changing accesses, one for each message that anyone may send.
    pub(crate) writers: Vec<At>,
    /// The same for messages that only privileged callers may send.
    pub(crate) privileged: Vec<At>,
}

impl Hot {
    /// Entry points that change it, public ones first.
    pub(crate) fn entries(&self) -> Vec<usize> {
        self.writers.iter().chain(&self.privileged).map(|at| at.entry).collect()
    }
}

/// All hot cells of a contract, by cell.
pub(super) fn hot(cx: &Cx<'_>) -> Vec<Hot> {
    let mut found = Vec::new();
    for (cell, value) in cx.named_cells() {
        // A unit that several cells share has lints of its own.
        if value.unit.id != "own" {
            continue;
        }
        let writers = cx.hot_writes(cell);
        if writers.is_empty() {
            continue;
        }
        let (shape, mut of) = shape(cx, cell, &writers);
        // What a call does on some paths only (dust that is dropped, a setting that is left out) is not its cost.
        of.sort_by_key(|at| !every_time(cx, shape, *at));
        if !of.first().is_some_and(|at| every_time(cx, shape, *at)) {
            continue;
        }
        let mut privileged = cx.accesses_of(&cx.calls, cell);
        privileged.retain(|at| !cx.public.contains(&at.entry) && cx.hot_write(*at) && meets(cx, *at, &of));
        let (writers, privileged) = (cx.one_per_entry(&of), cx.one_per_entry(&privileged));
        found.push(Hot { cell, shape, writers, privileged });
    }
    found
}

/// The container that keeps a cell besides its entries: `USERS` of `USERS.len`, or the map that is declared where a number
/// without a key is declared, too.
pub(super) fn container<'a>(cx: &Cx<'a>, id: CellId) -> Option<&'a Cell> {
    let cell = cx.cell(id)?;
    let part = cell.name.rsplit_once('.').filter(|(_, part)| matches!(*part, "len" | "length" | "count"));
    let named = part.and_then(|(owner, _)| cx.contract.cells.iter().find(|other| other.name == owner));
    let number = cell.keys.is_empty() && !cell.span.is_none() && matches!(cell.value, Type::Uint(_) | Type::Int(_));
    // A history that is kept of a number (`TOTAL.changelog` of `TOTAL`) is not what the number counts.
    let part_of = |other: &Cell| other.name.strip_prefix(cell.name.as_str()).is_some_and(|rest| rest.starts_with('.'));
    // Where one constant holds all of a contract's storage, all cells are declared there.
    let beside = || {
        let mut others = cx.named_cells().map(|(_, other)| other).filter(|other| other.span == cell.span);
        let (first, second, more) = (others.next()?, others.next()?, others.next());
        let other = if std::ptr::eq(first, cell) { second } else { first };
        (more.is_none() && !other.keys.is_empty() && !part_of(other)).then_some(other)
    };
    named.or_else(|| beside().filter(|_| number))
}

/// True when each call changes a hot cell. The length of a container changes when a whole entry is put in or taken out
/// each time; a change of one field leaves the entry where it was.
fn every_time(cx: &Cx<'_>, shape: Shape, at: At) -> bool {
    let access = cx.access(at);
    if access.certainty == Certainty::Always {
        return true;
    }
    let owner = container(cx, access.cell).filter(|_| shape == Shape::ContainerCount);
    owner.is_some_and(|owner| {
        let entries = &cx.entry(at.entry).accesses;
        let touched = |of: &&Access| cx.cell(of.cell).is_some_and(|cell| std::ptr::eq(cell, owner)) && own(of);
        // What state points to is there already; what is taken away may not have been there.
        let made = |of: &Access| {
            let changes = matches!(of.mode, Mode::Write | Mode::Update) && of.certainty == Certainty::Always;
            changes && !of.key.iter().any(|term| matches!(term, Term::Load { .. }))
        };
        entries.iter().filter(touched).any(made) && entries.iter().filter(touched).all(|of| of.field.is_none())
    })
}

/// True when an access touches a field that one of these touches, or one of them the whole.
fn meets(cx: &Cx<'_>, at: At, others: &[At]) -> bool {
    let field = cx.access(at).field.as_deref();
    others.iter().any(|other| match (field, cx.access(*other).field.as_deref()) {
        (Some(a), Some(b)) => related(a, b),
        _ => true,
    })
}

/// True when one path of fields is the other or lies inside it.
pub(super) fn related(a: &str, b: &str) -> bool {
    let inside = |outer: &str, inner: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    inside(a, b) || inside(b, a)
}

/// The shape and the accesses that make it.
fn shape(cx: &Cx<'_>, cell: CellId, writers: &[At]) -> (Shape, Vec<At>) {
    let pick = |wanted: &dyn Fn(At) -> bool| writers.iter().copied().filter(|at| wanted(*at)).collect::<Vec<At>>();
    if container(cx, cell).is_some() {
        return (Shape::ContainerCount, writers.to_vec());
    }
    let numbers = pick(&|at| cx.is_number(cx.access(at)));
    let naming = pick(&|at| cx.is_number(cx.access(at)) && cx.numbers_keys(at).is_some());
    if let Some(first) = naming.first() {
        let shape = if lists_others(cx, *first) { Shape::Index } else { Shape::Sequence };
        return (shape, naming);
    }
    let collections = pick(&|at| {
        let list = matches!(cx.touched_type(cx.access(at)), Some(Type::List(_) | Type::Map(..)));
        // A message that only changes a list may be a setting, such as a list of administrators.
        list && changes(cx, at) && cx.serves_sender(at.entry)
    });
    if !collections.is_empty() {
        return (Shape::Collection, collections);
    }
    let totals = pick(&|at| cx.is_number(cx.access(at)) && changes(cx, at) && cx.moves_amount(at.entry, cell));
    if !totals.is_empty() {
        // A total stays one where another message changes it without moving an amount beside it.
        return (Shape::Total, pick(&|at| cx.is_number(cx.access(at)) && changes(cx, at)));
    }
    // A field that is changed may be one that is set: only calls that also serve their sender count things there.
    let counters = pick(&|at| {
        numbers.contains(&at) && changes(cx, at) && (cx.access(at).field.is_none() || cx.serves_sender(at.entry))
    });
    if !counters.is_empty() {
        return (Shape::Counter, counters);
    }
    // Settings are set by messages that do nothing else. Where the analysis has not seen who may send them, it says
    // nothing of them.
    let serving = pick(&|at| cx.serves_sender(at.entry));
    if serving.is_empty() || reading_only(cx, cell, writers).is_empty() {
        return (Shape::Other, writers.to_vec());
    }
    (Shape::Shared, serving)
}

/// True when the new number comes from the old one.
fn changes(cx: &Cx<'_>, at: At) -> bool {
    matches!(cx.access(at).mode, Mode::Update | Mode::Commute)
}

/// Messages that anyone may send which observe a cell at the key that the writers change, and do not change it.
pub(super) fn reading_only(cx: &Cx<'_>, cell: CellId, writers: &[At]) -> Vec<usize> {
    let users = cx.users(cell);
    let reads = users.reading_calls.iter().copied();
    reads
        .filter(|entry| cx.public.contains(entry))
        .filter(|entry| writers.iter().all(|at| at.entry != *entry) && !users.writing_calls.contains(entry))
        .collect()
}

/// True when what stands at the numbered key is only a pointer to something that the same call keeps under a name of its
/// own: the number is a position in a list, not an identity.
fn lists_others(cx: &Cx<'_>, counter: At) -> bool {
    let Some(numbered) = cx.numbers_keys(counter) else { return false };
    let pointer = cx.cell(cx.access(numbered).cell).is_some_and(|cell| {
        matches!(cell.value, Type::Address(_) | Type::Text | Type::Bytes | Type::Uint(_) | Type::Int(_))
    });
    let named = cx.entry(counter.entry).accesses.iter().any(|access| {
        access.cell != cx.access(numbered).cell
            && writes(access.mode)
            && !cx.is_number(access)
            && access.key.iter().any(per_call)
            && !access.key.iter().any(|term| super::facts::loads(term, cx.access(counter).cell))
    });
    // What is computed from the number (an account of its own) names the thing; a position is the number itself.
    let position =
        cx.access(numbered).key.iter().all(|term| !super::facts::loads(term, cx.access(counter).cell) || counts(term));
    pointer && named && position
}

/// True for a stored number, or one that is so many more or less.
fn counts(term: &Term) -> bool {
    match term {
        Term::Load { .. } | Term::Const(_) => true,
        Term::Fn { name, of, .. } => matches!(name.as_str(), "add" | "sub") && of.iter().all(counts),
        Term::Coalesce(of) => of.iter().all(counts),
        _ => false,
    }
}
