//! Batches as Parquet (feature `parquet`): columns are named like those of CSV, or `args` and `accounts` are structs or
//! maps. Every row becomes a line of JSON, so all formats have one meaning and one set of errors.

use std::fs::File;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};
use serde_json::{Map, Number, Value};

use crate::fail::Fail;

/// The rows of a file as lines of JSON, one row in memory at a time besides what a row group takes.
pub(super) struct Rows {
    rows: RowIter<'static>,
    line: Vec<u8>,
    /// What of the line has been read.
    at: usize,
}

impl Rows {
    /// Opens a file.
    ///
    /// # Errors
    /// When it cannot be read or is no Parquet.
    pub(super) fn open(path: &Path) -> anyhow::Result<Rows> {
        let fail = |message: String| Fail::new(message).file(path);
        let file = File::open(path).map_err(|error| fail(format!("cannot read the batch: {error}")))?;
        let reader = guarded(|| SerializedFileReader::new(file)).map_err(|error| fail(error.to_string()))?;
        let schema = reader.metadata().file_metadata().schema();
        for field in schema.get_fields() {
            let name = field.name();
            let part = name.split_once('.').map(|(group, _)| group);
            if part.is_some_and(|group| schema.get_fields().iter().any(|other| other.name() == group)) {
                return Err(fail(format!("`{name}`: this column is also part of a column of its own")).into());
            }
        }
        Ok(Rows { rows: RowIter::from_file_into(Box::new(reader)), line: Vec::new(), at: 0 })
    }
}

impl Read for Rows {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.line.len() {
            let Some(row) = guarded(|| self.rows.next().transpose()).map_err(io::Error::other)? else { return Ok(0) };
            self.line.clear();
            self.at = 0;
            serde_json::to_writer(&mut self.line, &call(&row)?)?;
            self.line.push(b'\n');
        }
        let count = out.len().min(self.line.len() - self.at);
        out[..count].copy_from_slice(&self.line[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

/// What a damaged file makes the reader do is an error like any other.
fn guarded<T>(run: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    let damaged = |_| Err(ParquetError::General("this file is damaged".to_owned()));
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(damaged)
}

/// A row as a call: columns `args.x` are members of `args`; what is null is left out.
fn call(row: &Row) -> io::Result<Value> {
    let mut out = Map::new();
    for (name, field) in row.get_column_iter() {
        let value = value(name, field)?;
        if value.is_null() {
            continue;
        }
        match name.split_once('.') {
            Some((group @ ("args" | "accounts"), name)) => {
                let group = out.entry(group).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(members) = group {
                    members.insert(name.to_owned(), value);
                }
            }
            _ => {
                out.insert(name.clone(), value);
            }
        }
    }
    Ok(Value::Object(out))
}

fn value(column: &str, field: &Field) -> io::Result<Value> {
    let float = |number: f64| Number::from_f64(number).map_or_else(|| number.to_string().into(), Value::Number);
    Ok(match field {
        Field::Null => Value::Null,
        Field::Bool(value) => (*value).into(),
        Field::Byte(number) => (*number).into(),
        Field::Short(number) => (*number).into(),
        Field::Int(number) => (*number).into(),
        Field::Long(number) => (*number).into(),
        Field::UByte(number) => (*number).into(),
        Field::UShort(number) => (*number).into(),
        Field::UInt(number) => (*number).into(),
        Field::ULong(number) => (*number).into(),
        Field::Float(number) => float(f64::from(*number)),
        Field::Double(number) => float(*number),
        Field::Str(text) => text.as_str().into(),
        // As text, which types make of it what they need.
        Field::Decimal(_) => field.to_string().into(),
        Field::Group(row) => {
            let mut out = Map::new();
            for (name, field) in row.get_column_iter() {
                let value = value(column, field)?;
                if !value.is_null() {
                    out.insert(name.clone(), value);
                }
            }
            Value::Object(out)
        }
        Field::ListInternal(list) => {
            list.elements().iter().map(|field| value(column, field)).collect::<io::Result<_>>()?
        }
        Field::MapInternal(map) => {
            let mut out = Map::new();
            for (key, field) in map.entries() {
                let Field::Str(key) = key else {
                    return Err(io::Error::other(format!("`{column}`: the keys of this map are no text")));
                };
                out.insert(key.clone(), value(column, field)?);
            }
            Value::Object(out)
        }
        // Which text they stand for is not said, and two spellings of one key must be one.
        _ => {
            return Err(io::Error::other(format!("`{column}`: text or numbers are needed here; this is another type")));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;
    use std::sync::Arc;

    /// Two calls; the second leaves `args.to` and its cost out.
    fn file(folder: &Path, kind: &str) -> std::path::PathBuf {
        let path = folder.join("batch.parquet");
        let schema = format!(
            "message call {{ required binary id (UTF8); required binary entry (UTF8); optional binary args.to {kind}; optional \
             int64 cost; }}"
        );
        let schema = Arc::new(parse_message_type(&schema).unwrap());
        let mut writer = SerializedFileWriter::new(File::create(&path).unwrap(), schema, Arc::default()).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let texts = |all: &[&str]| all.iter().map(|text| ByteArray::from(*text)).collect::<Vec<_>>();
        for (values, levels) in
            [(texts(&["1", "2"]), None), (texts(&["pay", "pay"]), None), (texts(&["bo\"b"]), Some(&[1, 0][..]))]
        {
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<ByteArrayType>().write_batch(&values, levels, None).unwrap();
            column.close().unwrap();
        }
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&[9_007_199_254_740_993], Some(&[1, 0]), None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();
        path
    }

    fn text(path: &Path) -> io::Result<String> {
        let mut out = String::new();
        Rows::open(path).map_err(io::Error::other)?.read_to_string(&mut out)?;
        Ok(out)
    }

    #[test]
    fn rows_are_lines() {
        let folder = tempfile::tempdir().unwrap();
        let lines = "{\"id\":\"1\",\"entry\":\"pay\",\"args\":{\"to\":\"bo\\\"b\"},\"cost\":9007199254740993}\n{\"id\":\"2\",\"entry\":\"pay\"}\n";
        assert_eq!(text(&file(folder.path(), "(UTF8)")).unwrap(), lines);
    }

    #[test]
    fn what_is_no_text_or_damaged_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "");
        assert!(text(&path).unwrap_err().to_string().contains("`args.to`"));
        let path = file(folder.path(), "(UTF8)");
        let bytes = std::fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 0x55;
            std::fs::write(&path, &bad).unwrap();
            // Whatever it says, it comes back.
            let _ = text(&path);
        }
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(text(&path).is_err());
    }
}
