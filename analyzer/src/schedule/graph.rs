//! The order of a batch as a graph, linear in the number of accesses.
//!
//! Pairwise edges between a run of readers and a run of adders would be quadratic, so a *class node* stands between:
//! every access counts in at most one node and waits for at most one node, and a node is done when all its members (and,
//! under [`Rule::Versions`], the node before it) are done. Per unit the nodes form a chain.

use super::batch::{BLIND, Batch, EXCLUSIVE, READ, Rule};
use super::number::{Numbers, Records};
use super::table::block_end;

/// The node nobody has to wait for.
pub(crate) const NO_WAIT: u32 = 0;
/// The node of accesses that nobody waits for (reads under [`Rule::Versions`]).
const NO_MEMBER: u32 = 1;

/// One run of accesses to one unit that overlap each other.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Node {
    /// Members (and a node before it) that are not done.
    pub(crate) remaining: u32,
    /// The list of the calls that wait for this node; 0 if none do. Under [`Rule::Locks`] those are the members of the
    /// unit's next node, under [`Rule::Versions`] the list has the node's own number.
    pub(crate) list: u32,
    /// Under [`Rule::Versions`] the node that counts this one; else 0.
    pub(crate) cascade: u32,
}

impl Node {
    /// Whether somebody waits for this node.
    #[inline(always)]
    pub(crate) fn has_successors(&self) -> bool {
        (self.list > NO_MEMBER) | (self.cascade != 0)
    }
}

/// Memory for building graphs, shared by several batches.
#[derive(Clone, Debug, Default)]
pub struct GraphWorkspace {
    numbers: Numbers,
    passes: GraphRecords,
}

/// What a pass that builds a graph keeps by unit.
#[derive(Clone, Debug, Default)]
pub(crate) struct GraphRecords(Records<Record>);

#[derive(Clone, Copy, Debug, Default)]
struct Record {
    /// The current node, the one before it, and room for the one that may be next.
    nodes: [u32; 3],
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
    /// Where lists begin in `waiters`, one entry more than there are nodes.
    pub(crate) begins: Vec<u32>,
    /// Waiting calls by list, as labels.
    pub(crate) waiters: Vec<u32>,
    starts: Vec<u32>,
    rule: Rule,
}

impl ClassGraph {
    /// The graph of a batch; calls are labelled by their index.
    pub fn new(batch: &Batch, work: &mut GraphWorkspace) -> ClassGraph {
        let mut graph = ClassGraph::default();
        graph.rebuild(batch, work);
        graph
    }

    /// Makes this the graph of another batch. Memory is kept, which for large batches saves the time to get it anew.
    pub fn rebuild(&mut self, batch: &Batch, work: &mut GraphWorkspace) {
        work.numbers.start(batch);
        self.build(batch, &work.numbers, &mut work.passes);
        self.starts.extend_from_slice(batch.starts());
        self.open_lists();
        let mut from = 0;
        for (call, &to) in batch.starts().iter().skip(1).enumerate() {
            self.enlist(from..to as usize, call as u32);
            from = to as usize;
        }
    }

    /// Puts a call under `label` into the lists in which its accesses wait. Each call once, after [`Self::open_lists`].
    #[inline(always)]
    pub(crate) fn enlist(&mut self, accesses: std::ops::Range<usize>, label: u32) {
        let lists = match self.rule {
            Rule::Locks => &self.member[accesses],
            Rule::Versions => &self.wait[accesses],
        };
        for &list in lists {
            // While lists are filled, the place after a list's own number holds where its next call goes.
            let next = &mut self.begins[list as usize + 1];
            self.waiters[*next as usize] = label;
            *next += 1;
        }
    }

    /// The calls that wait for a node.
    #[inline(always)]
    pub(crate) fn waiting_for(&self, node: &Node) -> &[u32] {
        let list = node.list as usize;
        &self.waiters[self.begins[list] as usize..self.begins[list + 1] as usize]
    }

    /// Finds `member` and `wait` and counts the members of every node.
    pub(crate) fn build(&mut self, batch: &Batch, numbers: &Numbers, work: &mut GraphRecords) {
        let accesses = batch.accesses();
        self.rule = batch.rule();
        self.starts.clear();
        self.nodes.clear();
        self.nodes.resize(2, Node::default());
        self.member.resize(accesses, 0);
        self.wait.resize(accesses, 0);
        work.0.start(batch, numbers);
        let (starts, classes) = (batch.starts(), batch.classes());
        let mut next = 2u32;
        let mut from = 0;
        while from < batch.len() {
            let to = block_end(starts, from);
            let (first, end) = (starts[from] as usize, starts[to] as usize);
            let (found, records) = work.0.block(batch, numbers, first..end);
            // Every access makes at most one node.
            self.nodes.resize(next as usize + end - first, Node::default());
            let block = Block {
                numbers: found,
                classes: &classes[first..end],
                members: &mut self.member[first..end],
                waits: &mut self.wait[first..end],
                nodes: &mut self.nodes,
            };
            next = match batch.rule() {
                Rule::Locks => block.locks(records, next),
                Rule::Versions => block.versions(records, next),
            };
            from = to;
        }
        self.nodes.truncate(next as usize);
    }

    /// Finds the place of every list in `waiters`, all lists empty.
    pub(crate) fn open_lists(&mut self) {
        let nodes = self.nodes.len();
        self.begins.clear();
        self.begins.resize(nodes + 1, 0);
        let mut at = 0;
        match self.rule {
            Rule::Locks => {
                for (begin, node) in self.begins[1..].iter_mut().zip(&self.nodes) {
                    *begin = at;
                    at += node.remaining;
                }
            }
            Rule::Versions => {
                for &wait in &self.wait {
                    self.begins[wait as usize + 1] += 1;
                }
                for (list, node) in self.nodes.iter_mut().enumerate() {
                    let calls = self.begins[list + 1];
                    self.begins[list + 1] = at;
                    at += calls;
                    node.list = if list as u32 > NO_MEMBER && calls > 0 { list as u32 } else { NO_MEMBER };
                }
            }
        }
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
                .flat_map(|node| self.waiting_for(node).iter().copied())
            })
            .filter(move |&other| other as usize != call)
    }

    /// Bytes of heap memory of the graph.
    pub fn memory(&self) -> usize {
        (self.member.len() + self.wait.len() + self.waiters.len() + self.begins.len() + self.starts.len()) * 4
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

/// A block of accesses on its way into the graph.
struct Block<'a> {
    numbers: &'a [u32],
    classes: &'a [u8],
    members: &'a mut [u32],
    waits: &'a mut [u32],
    nodes: &'a mut [Node],
}

impl Block<'_> {
    fn locks(self, records: &mut [Record], mut next: u32) -> u32 {
        let Block { numbers, classes, members, waits, nodes } = self;
        let n = numbers.len();
        let (classes, members, waits) = (&classes[..n], &mut members[..n], &mut waits[..n]);
        for at in 0..n {
            let class = u32::from(classes[at]) + 1;
            let record = &mut records[numbers[at] as usize];
            let join = (record.class == class) & (class != u32::from(EXCLUSIVE) + 1);
            // Picked by index, not by a condition: what joins what is no pattern that a processor could foresee.
            let before = record.nodes[usize::from(join)];
            record.nodes[2] = next;
            let node = record.nodes[2 * usize::from(!join)];
            *record = Record { nodes: [node, before, next], class };
            next += u32::from(!join);
            nodes[node as usize].remaining += 1;
            nodes[before as usize].list = node;
            members[at] = node;
            waits[at] = before;
        }
        next
    }

    fn versions(self, records: &mut [Record], mut next: u32) -> u32 {
        let nodes = self.nodes;
        let outputs = self.members.iter_mut().zip(self.waits);
        for ((&number, &class), (member, wait)) in self.numbers.iter().zip(self.classes).zip(outputs) {
            let record = &mut records[number as usize];
            let old = record.nodes[0];
            *wait = if class == BLIND { NO_WAIT } else { old };
            *member = NO_MEMBER;
            if class != READ {
                // A blind write joins the run it follows unless somebody has observed that run.
                if class == EXCLUSIVE || old == 0 || record.class == 1 {
                    *record = Record { nodes: [next, 0, 0], class: 0 };
                    if old != 0 {
                        nodes[old as usize].cascade = next;
                        nodes[next as usize].remaining += 1;
                    }
                    next += 1;
                }
                *member = record.nodes[0];
            } else {
                record.class = u32::from(old != 0);
            }
            nodes[*member as usize].remaining += 1;
        }
        next
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
