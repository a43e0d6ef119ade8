//! The order of a batch as a graph, linear in the number of accesses.
//!
//! Pairwise edges between a run of readers and a run of adders would be quadratic, so a *class node* stands between:
//! every access counts in at most one node and waits for at most one node, and a node is done when all its members (and,
//! under [`Rule::Versions`], the node before it) are done. Per unit the nodes form a chain.

use super::analyse::{expected_units, pick};
use super::batch::{BLIND, Batch, EXCLUSIVE, READ, Rule};
use super::table::{Table, block_end};

/// The node nobody has to wait for.
pub(crate) const NO_WAIT: u32 = 0;
/// The node of accesses that nobody waits for (reads under [`Rule::Versions`]).
const NO_MEMBER: u32 = 1;

/// One run of accesses to one unit that overlap each other.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Node {
    /// Members (and a node before it) that are not done.
    pub(crate) remaining: u32,
    /// First of the waiting calls in [`ClassGraph::waiters`].
    pub(crate) begin: u32,
    /// One past the last of them.
    pub(crate) end: u32,
    /// Under [`Rule::Versions`] the node that counts this one; else 0.
    pub(crate) cascade: u32,
}

/// Memory for building graphs, shared by several batches.
#[derive(Clone, Debug, Default)]
pub struct GraphWorkspace {
    table: Table<Record>,
    slots: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Record {
    node: u32,
    before: u32,
    /// Class + 1; 0 before the first access. Under [`Rule::Versions`]: 1 if the node has been observed.
    class: u32,
}

/// Class chains of a batch.
///
/// ```
/// use crosslane_analyzer::schedule::{Access, Batch, ClassGraph, GraphWorkspace, Rule};
/// let mut batch = Batch::new(Rule::Locks);
/// for _ in 0..2 { batch.push(1, [Access::read(1)])?; }
/// for _ in 0..2 { batch.push(1, [Access::delta(1, 0)])?; }
/// let graph = ClassGraph::new(&batch, &mut GraphWorkspace::default());
/// assert_eq!(graph.successors(0).collect::<Vec<_>>(), [2, 3]);
/// assert_eq!(graph.successors(2).count(), 0);
/// # Ok::<(), crosslane_analyzer::schedule::BatchError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ClassGraph {
    /// Per access the node it counts in.
    pub(crate) member: Vec<u32>,
    /// Per access the node it waits for; [`NO_WAIT`] if none.
    pub(crate) wait: Vec<u32>,
    /// Nodes in order of their first member; 0 and 1 are marks.
    pub(crate) nodes: Vec<Node>,
    /// Waiting calls by node, as labels.
    pub(crate) waiters: Vec<u32>,
    starts: Vec<u32>,
}

impl ClassGraph {
    /// The graph of a batch; calls are labelled by their index.
    pub fn new(batch: &Batch, work: &mut GraphWorkspace) -> ClassGraph {
        let mut graph = ClassGraph::default();
        graph.build(batch, work);
        graph.starts.extend_from_slice(batch.starts());
        graph.open_lists();
        for call in 0..batch.len() {
            let range = batch.starts()[call] as usize..batch.starts()[call + 1] as usize;
            for &node in &graph.wait[range] {
                let slot = &mut graph.nodes[node as usize];
                let at = slot.end as usize;
                slot.end += 1;
                graph.waiters[at] = call as u32;
            }
        }
        graph
    }

    /// Finds `member`, `wait` and, in [`Node::end`], the number of waiters of every node.
    pub(crate) fn build(&mut self, batch: &Batch, work: &mut GraphWorkspace) {
        self.member.clear();
        self.wait.clear();
        self.nodes.clear();
        self.starts.clear();
        self.member.reserve(batch.accesses());
        self.wait.reserve(batch.accesses());
        // Every access makes at most one node.
        self.nodes.resize(batch.accesses() + 2, Node::default());
        work.table.reset(expected_units(batch));
        let (starts, units, classes) = (batch.starts(), batch.units(), batch.classes());
        let mut next = 2u32;
        let mut from = 0;
        while from < batch.len() {
            let to = block_end(starts, from);
            let (first, end) = (starts[from] as usize, starts[to] as usize);
            work.table.locate(&units[first..end], &mut work.slots);
            match batch.rule() {
                Rule::Locks => {
                    for (&slot, &class) in work.slots.iter().zip(&classes[first..end]) {
                        let record = work.table.at_mut(slot);
                        let join = (record.class == u32::from(class) + 1) & (class != EXCLUSIVE);
                        record.before = pick(join, record.before, record.node);
                        record.node = pick(join, record.node, next);
                        record.class = u32::from(class) + 1;
                        next += u32::from(!join);
                        self.nodes[record.node as usize].remaining += 1;
                        self.nodes[record.before as usize].end += 1;
                        self.member.push(record.node);
                        self.wait.push(record.before);
                    }
                }
                Rule::Versions => {
                    for (&slot, &class) in work.slots.iter().zip(&classes[first..end]) {
                        let record = work.table.at_mut(slot);
                        let old = record.node;
                        let wait = if class == BLIND { NO_WAIT } else { old };
                        let mut member = NO_MEMBER;
                        if class != READ {
                            // A blind write joins the run it follows unless somebody has observed that run.
                            if class == EXCLUSIVE || old == 0 || record.class == 1 {
                                record.node = next;
                                record.class = 0;
                                next += 1;
                                if old != 0 {
                                    self.nodes[old as usize].cascade = record.node;
                                    self.nodes[record.node as usize].remaining += 1;
                                }
                            }
                            member = record.node;
                        } else {
                            record.class = u32::from(old != 0);
                        }
                        self.nodes[member as usize].remaining += 1;
                        self.nodes[wait as usize].end += 1;
                        self.member.push(member);
                        self.wait.push(wait);
                    }
                }
            }
            from = to;
        }
        self.nodes.truncate(next as usize);
    }

    /// Turns the numbers of waiters into places in `waiters`, all lists empty.
    pub(crate) fn open_lists(&mut self) {
        let mut at = 0;
        for node in &mut self.nodes {
            node.begin = at;
            at += node.end;
            node.end = node.begin;
        }
        self.waiters.clear();
        self.waiters.resize(at as usize, 0);
    }

    /// Number of calls.
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// True when there is no call.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of class nodes.
    pub fn nodes(&self) -> usize {
        self.nodes.len().saturating_sub(2)
    }

    /// Calls that wait directly for a call. One may appear once per unit.
    pub fn successors(&self, call: usize) -> impl Iterator<Item = u32> + '_ {
        let range = match (self.starts.get(call), self.starts.get(call + 1)) {
            (Some(&from), Some(&to)) => from as usize..to as usize,
            _ => 0..0,
        };
        self.member[range]
            .iter()
            .flat_map(move |&member| {
                // Under `Versions` whoever waits for a later node of the chain waits for this one too.
                let mut node = member;
                std::iter::from_fn(move || {
                    if node <= NO_MEMBER {
                        return None;
                    }
                    let found = &self.nodes[node as usize];
                    node = found.cascade;
                    Some(found)
                })
                .flat_map(|node| self.waiters[node.begin as usize..node.end as usize].iter().copied())
            })
            .filter(move |&other| other as usize != call)
    }

    /// Bytes of heap memory of the graph.
    pub fn memory(&self) -> usize {
        (self.member.len() + self.wait.len() + self.waiters.len() + self.starts.len()) * 4
            + self.nodes.len() * size_of::<Node>()
    }

    /// The graph with explicit edges between calls, for petgraph's algorithms; node `i` is call `i`, an edge goes from the
    /// earlier to the later call. May need quadratic memory when a run of readers meets a run of adders.
    pub fn to_petgraph(&self) -> petgraph::graph::DiGraph<u32, (), u32> {
        let mut out = petgraph::graph::DiGraph::with_capacity(self.len(), self.waiters.len());
        for call in 0..self.len() as u32 {
            out.add_node(call);
        }
        for call in 0..self.len() {
            let mut next: Vec<u32> = self.successors(call).collect();
            next.sort_unstable();
            next.dedup();
            for other in next {
                out.add_edge((call as u32).into(), other.into(), ());
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::batch::{Access, conflicts};
    use super::super::testing::{Rng, random_batch};
    use super::*;

    /// Reachability in the graph must be that of the pairwise conflicts.
    #[test]
    fn has_the_same_order_as_all_pairs() {
        let mut work = GraphWorkspace::default();
        for seed in 0..300 {
            let mut rng = Rng::new(seed);
            let rule = if seed % 2 == 0 { Rule::Locks } else { Rule::Versions };
            let batch = random_batch(&mut rng, rule, 40);
            let graph = ClassGraph::new(&batch, &mut work);
            let n = batch.len();
            let calls: Vec<Vec<Access>> = (0..n).map(|i| batch.call(i).collect()).collect();
            let mut reach = vec![vec![false; n]; n];
            let mut expected = vec![vec![false; n]; n];
            for j in 0..n {
                for i in 0..j {
                    let edge = graph.successors(i).any(|other| other as usize == j);
                    let hit = calls[i]
                        .iter()
                        .any(|a| calls[j].iter().any(|b| a.unit == b.unit && conflicts(rule, a.class, b.class)));
                    assert!(!edge || hit, "edge without conflict");
                    reach[i][j] |= edge;
                    expected[i][j] |= hit;
                    for h in 0..i {
                        reach[h][j] |= reach[h][i] && edge;
                        expected[h][j] |= expected[h][i] && hit;
                    }
                }
            }
            assert_eq!(reach, expected, "seed {seed}");
            let petgraph = graph.to_petgraph();
            assert!(!petgraph::algo::is_cyclic_directed(&petgraph));
        }
    }
}
