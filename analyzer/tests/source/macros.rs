//! `macro_rules!` and the table of known macros.

use crate::world::*;

#[test]
fn items_from_nested_item_macros() {
    let demo = Memory::new(
        "mod nightly {
            macro_rules! const_impl {
                { impl $(<$(const $C: ident : $ty: ty), +>)? const $($tt: tt) + } => { impl $(<$(const $C: $ty), +>)? $($tt) + }
            }
            pub(crate) use const_impl;
        }
        pub struct Big<const N: usize>;
        pub trait From2<T> { fn from2(t: T) -> Self; }
        macro_rules! all {
            ($($a: ident), *) => { $(
                crate::nightly::const_impl! {
                    impl<const N: usize, const M: usize> const crate::From2<$a<M>> for Big<N> { fn from2(from: $a<M>) -> Self { Big } }
                }
            )* };
        }
        all!(Big);",
    );
    let world = demo.world();
    assert_eq!(body(&world, "from2"), "|from#0| { Big }");
    assert_eq!(problems(&world), Vec::<String>::new());
}
