//! MongoDB's wire protocol: messages in and out. OP_MSG is today's form; OP_QUERY is still what a
//! driver may use for its very first hello, answered with OP_REPLY.

use bson::{Bson, Document};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const OP_REPLY: i32 = 1;
const OP_QUERY: i32 = 2004;
const OP_MSG: i32 = 2013;
/// maxMessageSizeBytes of every mongod.
pub const MAX_MESSAGE: i32 = 48_000_000;
const CHECKSUM_PRESENT: u32 = 1;
const MORE_TO_COME: u32 = 1 << 1;

/// One command as received.
#[derive(Debug)]
pub struct Command {
    pub id: i32,
    pub body: Document,
    /// Came as OP_QUERY, so it is answered with OP_REPLY.
    pub legacy: bool,
    /// The sender wants no answer (unacknowledged writes).
    pub silent: bool,
}

/// Why a message cannot be understood; the connection is closed then, as mongod does.
#[derive(Debug, PartialEq)]
pub struct Malformed(pub String);

impl<E: std::error::Error> From<E> for Malformed {
    fn from(error: E) -> Self {
        Malformed(error.to_string())
    }
}

/// The next command, or None when the peer has closed between two messages.
pub async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Option<Command>, Malformed> {
    let mut header = [0_u8; 16];
    if stream.read_exact(&mut header).await.is_err() {
        return Ok(None);
    }
    let number = |at: usize| i32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let (length, id, opcode) = (number(0), number(4), number(12));
    if !(16..=MAX_MESSAGE).contains(&length) {
        return Err(Malformed(format!("message length {length}")));
    }
    let mut body = vec![0; length as usize - 16];
    stream.read_exact(&mut body).await?;
    let (body, legacy, silent) = parse(opcode, &body)?;
    Ok(Some(Command { id, body, legacy, silent }))
}

fn parse(opcode: i32, body: &[u8]) -> Result<(Document, bool, bool), Malformed> {
    match opcode {
        OP_MSG => parse_msg(body).map(|(document, silent)| (document, false, silent)),
        OP_QUERY => parse_query(body).map(|document| (document, true, false)),
        other => Err(Malformed(format!("opcode {other} is not supported"))),
    }
}

fn parse_msg(body: &[u8]) -> Result<(Document, bool), Malformed> {
    let mut rest = body;
    let flags = take_u32(&mut rest)?;
    if flags & 0xffff & !(CHECKSUM_PRESENT | MORE_TO_COME) != 0 {
        return Err(Malformed(format!("unknown required flag bits {flags:#x}")));
    }
    if flags & CHECKSUM_PRESENT != 0 {
        let end = rest.len().checked_sub(4).ok_or_else(|| Malformed("no room for the checksum".into()))?;
        rest = &rest[..end];
    }
    let mut document = None;
    let mut sequences = Vec::new();
    while let Some((&kind, after)) = rest.split_first() {
        rest = after;
        match kind {
            0 if document.is_none() => document = Some(take_document(&mut rest)?),
            1 => {
                let size = take_u32(&mut rest)? as usize;
                let size = size.checked_sub(4).filter(|size| *size <= rest.len());
                let (mut section, after) = rest.split_at(size.ok_or_else(|| Malformed("section size".into()))?);
                rest = after;
                let name = take_text(&mut section)?;
                let mut documents = Vec::new();
                while !section.is_empty() {
                    documents.push(Bson::Document(take_document(&mut section)?));
                }
                sequences.push((name, Bson::Array(documents)));
            }
            other => return Err(Malformed(format!("section kind {other}"))),
        }
    }
    let mut document = document.ok_or_else(|| Malformed("no body section".into()))?;
    for (name, documents) in sequences {
        if document.contains_key(&name) {
            return Err(Malformed(format!("field {name} is given twice")));
        }
        document.insert(name, documents);
    }
    Ok((document, flags & MORE_TO_COME != 0))
}

fn parse_query(body: &[u8]) -> Result<Document, Malformed> {
    let mut rest = body;
    take_u32(&mut rest)?;
    let name = take_text(&mut rest)?;
    let database = name.strip_suffix(".$cmd").ok_or_else(|| Malformed(format!("OP_QUERY on {name}")))?;
    take_u32(&mut rest)?;
    take_u32(&mut rest)?;
    let mut document = take_document(&mut rest)?;
    document.insert("$db", database);
    Ok(document)
}

fn take_u32(rest: &mut &[u8]) -> Result<u32, Malformed> {
    let (head, after) = rest.split_first_chunk::<4>().ok_or_else(|| Malformed("message ends early".into()))?;
    *rest = after;
    Ok(u32::from_le_bytes(*head))
}

fn take_text(rest: &mut &[u8]) -> Result<String, Malformed> {
    let end = rest.iter().position(|byte| *byte == 0).ok_or_else(|| Malformed("text without end".into()))?;
    let text = std::str::from_utf8(&rest[..end])?.to_owned();
    *rest = &rest[end + 1..];
    Ok(text)
}

fn take_document(rest: &mut &[u8]) -> Result<Document, Malformed> {
    let length = rest.first_chunk::<4>().map(|head| u32::from_le_bytes(*head) as usize);
    let length = length.filter(|length| (5..=rest.len()).contains(length));
    let (document, after) = rest.split_at(length.ok_or_else(|| Malformed("document length".into()))?);
    *rest = after;
    Ok(Document::from_reader(document)?)
}

/// The bytes that answer `command`.
pub fn reply(command: &Command, answer: &Document) -> Result<Vec<u8>, Malformed> {
    let document = bson::to_vec(answer)?;
    let mut out = vec![0; 16];
    if command.legacy {
        out.extend(8_i32.to_le_bytes()); // AwaitCapable
        out.extend(0_i64.to_le_bytes());
        out.extend(0_i32.to_le_bytes());
        out.extend(1_i32.to_le_bytes());
    } else {
        out.extend(0_i32.to_le_bytes());
        out.push(0);
    }
    out.extend(document);
    seal(&mut out, 1, command.id, if command.legacy { OP_REPLY } else { OP_MSG });
    Ok(out)
}

fn seal(out: &mut [u8], id: i32, response_to: i32, opcode: i32) {
    let length = out.len() as i32;
    for (slot, value) in out.chunks_exact_mut(4).zip([length, id, response_to, opcode]) {
        slot.copy_from_slice(&value.to_le_bytes());
    }
}

/// The client's side, for the Vault stand-in: sends one command and waits for its answer.
pub async fn call<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, command: &Document) -> Result<Document, Malformed> {
    let mut out = vec![0; 16];
    out.extend(0_i32.to_le_bytes());
    out.push(0);
    out.extend(bson::to_vec(command)?);
    seal(&mut out, 1, 0, OP_MSG);
    stream.write_all(&out).await?;
    match read(stream).await? {
        Some(answer) => Ok(answer.body),
        None => Err(Malformed("EOF".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::doc;

    fn message(flags: u32, sections: &[u8]) -> Vec<u8> {
        [&flags.to_le_bytes()[..], sections].concat()
    }

    #[test]
    fn joins_document_sequences_to_the_body() -> Result<(), Malformed> {
        let item = bson::to_vec(&doc! {"_id": 1})?;
        let mut sections = vec![0];
        sections.extend(bson::to_vec(&doc! {"insert": "c", "$db": "d"})?);
        sections.push(1);
        sections.extend((4 + 10 + item.len() as u32).to_le_bytes());
        sections.extend(b"documents\0");
        sections.extend(&item);
        let (body, legacy, silent) = parse(OP_MSG, &message(MORE_TO_COME, &sections))?;
        assert_eq!(body, doc! {"insert": "c", "$db": "d", "documents": [{"_id": 1}]});
        assert!(!legacy && silent);
        Ok(())
    }

    #[test]
    fn refuses_wild_input() {
        for wild in [
            vec![],
            message(0, &[]),
            message(0, &[7]),
            message(0, &[0, 255, 255, 255, 255]),
            message(0, &[0, 5, 0, 0, 0, 1]),
            message(4, &[0, 5, 0, 0, 0, 0]),
            message(0, &[1, 255, 255, 255, 127, b'a']),
            message(0, &[1, 0, 0, 0, 0]),
        ] {
            assert!(parse(OP_MSG, &wild).is_err(), "{wild:?}");
        }
        assert!(parse(2012, &[]).is_err());
        assert!(parse(OP_QUERY, b"\0\0\0\0admin.users\0").is_err());
    }

    #[test]
    fn understands_a_legacy_hello() -> Result<(), Malformed> {
        let mut body = 0_u32.to_le_bytes().to_vec();
        body.extend(b"admin.$cmd\0");
        body.extend(0_u32.to_le_bytes());
        body.extend((-1_i32).to_le_bytes());
        body.extend(bson::to_vec(&doc! {"isMaster": 1})?);
        let (document, legacy, _) = parse(OP_QUERY, &body)?;
        assert_eq!(document, doc! {"isMaster": 1, "$db": "admin"});
        assert!(legacy);
        Ok(())
    }
}
