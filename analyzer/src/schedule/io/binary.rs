//! The binary form of a batch of units, for sequencers that evaluate footprints themselves. Little-endian:
//!
//! ```text
//! magic    8 bytes  "XLBATCH1"
//! rule     u8       0 locks, 1 versions
//! zero     7 bytes
//! calls    u64      number of calls n
//! per call cost u64, number of accesses k u32, then k times: unit u64, class u8
//! ```

use std::io::{Read, Write};

use super::super::batch::{Access, Batch, BatchError, Limits, Rule};

const MAGIC: &[u8; 8] = b"XLBATCH1";

/// Why a binary batch cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BinaryError {
    /// Reading failed, or the text ends too early.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Not this format.
    #[error("this is no binary batch: {0}")]
    Format(&'static str),
    /// A call is wrong.
    #[error("call {call}: {error}")]
    Call {
        /// One-based.
        call: u64,
        /// What is wrong.
        error: BatchError,
    },
}

/// Writes a batch.
///
/// # Errors
/// Those of the writer.
pub fn write_binary(batch: &Batch, out: &mut dyn Write) -> std::io::Result<()> {
    let mut buffer = Vec::with_capacity(1 << 16);
    buffer.extend_from_slice(MAGIC);
    buffer.push(u8::from(batch.rule() == Rule::Versions));
    buffer.extend_from_slice(&[0; 7]);
    buffer.extend_from_slice(&(batch.len() as u64).to_le_bytes());
    for (call, &cost) in batch.costs().iter().enumerate() {
        buffer.extend_from_slice(&cost.to_le_bytes());
        let count = batch.starts()[call + 1] - batch.starts()[call];
        buffer.extend_from_slice(&count.to_le_bytes());
        for access in batch.call(call) {
            buffer.extend_from_slice(&access.unit.to_le_bytes());
            buffer.push(access.class);
        }
        if buffer.len() > 1 << 16 {
            out.write_all(&buffer)?;
            buffer.clear();
        }
    }
    out.write_all(&buffer)?;
    out.flush()
}

/// Reads a batch; memory is bounded by `limits`.
///
/// # Errors
/// [`BinaryError`].
pub fn read_binary(input: &mut dyn Read, limits: Limits) -> Result<Batch, BinaryError> {
    let mut input = std::io::BufReader::with_capacity(1 << 16, input);
    let mut head = [0u8; 24];
    input.read_exact(&mut head)?;
    if head[..8] != MAGIC[..] {
        return Err(BinaryError::Format("it does not begin with XLBATCH1"));
    }
    let rule = match head[8] {
        0 => Rule::Locks,
        1 => Rule::Versions,
        _ => return Err(BinaryError::Format("the rule is neither 0 nor 1")),
    };
    if head[9..16] != [0; 7] {
        return Err(BinaryError::Format("bytes 9 to 15 are not zero"));
    }
    let mut eight = [0u8; 8];
    eight.copy_from_slice(&head[16..]);
    let calls = u64::from_le_bytes(eight);
    let mut batch = Batch::with_limits(rule, limits);
    let mut accesses = Vec::new();
    for call in 1..=calls {
        let wrong = |error| BinaryError::Call { call, error };
        let mut cost = [0u8; 12];
        input.read_exact(&mut cost)?;
        let (cost, count) = cost.split_at(8);
        eight.copy_from_slice(cost);
        let cost = u64::from_le_bytes(eight);
        let count = u32::from_le_bytes([count[0], count[1], count[2], count[3]]);
        if count > limits.accesses {
            return Err(wrong(BatchError::TooManyAccesses(limits.accesses)));
        }
        accesses.clear();
        for _ in 0..count {
            let mut access = [0u8; 9];
            input.read_exact(&mut access)?;
            eight.copy_from_slice(&access[..8]);
            accesses.push(Access { unit: u64::from_le_bytes(eight), class: access[8] });
        }
        batch.push(cost, accesses.iter().copied()).map_err(wrong)?;
    }
    if input.read(&mut [0u8; 1])? != 0 {
        return Err(BinaryError::Format("there is something behind the last call"));
    }
    Ok(batch)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{Rng, random_batch};
    use super::*;

    #[test]
    fn round_trip_and_every_cut_is_an_error() {
        let batch = random_batch(&mut Rng::new(7), Rule::Locks, 30);
        let mut bytes = Vec::new();
        write_binary(&batch, &mut bytes).unwrap();
        let again = read_binary(&mut bytes.as_slice(), Limits::default()).unwrap();
        assert_eq!(again, batch);
        for cut in 0..bytes.len() {
            assert!(read_binary(&mut &bytes[..cut], Limits::default()).is_err(), "{cut}");
        }
        bytes.push(0);
        assert!(read_binary(&mut bytes.as_slice(), Limits::default()).is_err());
    }
}
