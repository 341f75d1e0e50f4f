//! Filters, sorting and updates over documents: the operators that clients of this stack use.
//! An operator that is not known is an error, never silently ignored.

use bson::{Bson, Document};
use std::cmp::Ordering;

/// Words for an error of code 2 (BadValue) or 9 (FailedToParse).
pub type Outcome<T> = Result<T, String>;

/// Whether the document passes the filter.
pub fn matches(document: &Document, filter: &Document) -> Outcome<bool> {
    for (key, wanted) in filter {
        let passes = match key.as_str() {
            "$and" => all_of(document, wanted)?.into_iter().all(|passed| passed),
            "$or" => all_of(document, wanted)?.into_iter().any(|passed| passed),
            "$nor" => !all_of(document, wanted)?.into_iter().any(|passed| passed),
            "$comment" => true,
            key if key.starts_with('$') => return Err(format!("unknown top level operator: {key}")),
            path => field(&values_at(document, path), wanted)?,
        };
        if !passes {
            return Ok(false);
        }
    }
    Ok(true)
}

fn all_of(document: &Document, list: &Bson) -> Outcome<Vec<bool>> {
    let list = list.as_array().filter(|list| !list.is_empty()).ok_or("$and/$or/$nor must be a nonempty array")?;
    list.iter().map(|filter| matches(document, filter.as_document().ok_or("$or/$and/$nor entries need to be full objects")?)).collect()
}

fn field(values: &[Bson], wanted: &Bson) -> Outcome<bool> {
    match wanted.as_document() {
        Some(operators) if operators.keys().next().is_some_and(|key| key.starts_with('$')) => {
            for (operator, operand) in operators {
                if !operate(values, operator, operand)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => Ok(equals(values, wanted)),
    }
}

fn operate(values: &[Bson], operator: &str, operand: &Bson) -> Outcome<bool> {
    let ordered = |good: fn(Ordering) -> bool| values.iter().any(|value| same_kind(value, operand) && good(compare(value, operand)));
    Ok(match operator {
        "$eq" => equals(values, operand),
        "$ne" => !equals(values, operand),
        "$gt" => ordered(Ordering::is_gt),
        "$gte" => ordered(Ordering::is_ge),
        "$lt" => ordered(Ordering::is_lt),
        "$lte" => ordered(Ordering::is_le),
        "$in" | "$nin" => {
            let list = operand.as_array().ok_or_else(|| format!("{operator} needs an array"))?;
            list.iter().any(|wanted| equals(values, wanted)) == (operator == "$in")
        }
        "$exists" => truthy(operand) != values.is_empty(),
        "$not" => !field(values, operand)?,
        "$size" => values.iter().any(|value| value.as_array().is_some_and(|list| Some(list.len() as i64) == number(operand))),
        other => return Err(format!("unknown operator: {other}")),
    })
}

fn equals(values: &[Bson], wanted: &Bson) -> bool {
    if values.is_empty() {
        return *wanted == Bson::Null;
    }
    values.iter().any(|value| same_kind(value, wanted) && compare(value, wanted).is_eq())
}

fn number(value: &Bson) -> Option<i64> {
    match value {
        Bson::Int32(value) => Some((*value).into()),
        Bson::Int64(value) => Some(*value),
        Bson::Double(value) => Some(*value as i64),
        _ => None,
    }
}

/// A count from a command field: any number type, absent is 0.
pub fn count(document: &Document, name: &str) -> i64 {
    document.get(name).and_then(number).unwrap_or(0)
}

/// How MongoDB reads a flag: false, 0 and null are false.
pub fn truthy(value: &Bson) -> bool {
    match value {
        Bson::Boolean(value) => *value,
        Bson::Null | Bson::Undefined => false,
        other => number(other) != Some(0),
    }
}

/// Every value a dotted path reaches: through arrays too, and the elements of a final array besides itself.
fn values_at(document: &Document, path: &str) -> Vec<Bson> {
    let mut out = Vec::new();
    walk(&Bson::Document(document.clone()), path, &mut out);
    out
}

fn walk(value: &Bson, path: &str, out: &mut Vec<Bson>) {
    let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
    match value {
        Bson::Document(document) => {
            let Some(inner) = document.get(head) else { return };
            match rest {
                Some(rest) => walk(inner, rest, out),
                None => {
                    out.push(inner.clone());
                    if let Bson::Array(list) = inner {
                        out.extend(list.iter().cloned());
                    }
                }
            }
        }
        Bson::Array(list) => match head.parse::<usize>().ok().and_then(|place| list.get(place)) {
            Some(inner) => match rest {
                Some(rest) => walk(inner, rest, out),
                None => out.push(inner.clone()),
            },
            None => list.iter().filter(|inner| inner.as_document().is_some()).for_each(|inner| walk(inner, path, out)),
        },
        _ => {}
    }
}

/// The value at a dotted path, for sorting and grouping.
pub fn value_at(document: &Document, path: &str) -> Bson {
    values_at(document, path).into_iter().next().unwrap_or(Bson::Null)
}

fn rank(value: &Bson) -> u8 {
    match value {
        Bson::MinKey => 0,
        Bson::Null | Bson::Undefined => 1,
        Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) => 2,
        Bson::String(_) | Bson::Symbol(_) => 3,
        Bson::Document(_) => 4,
        Bson::Array(_) => 5,
        Bson::Binary(_) => 6,
        Bson::ObjectId(_) => 7,
        Bson::Boolean(_) => 8,
        Bson::DateTime(_) => 9,
        Bson::Timestamp(_) => 10,
        Bson::MaxKey => 12,
        _ => 11,
    }
}

fn same_kind(one: &Bson, other: &Bson) -> bool {
    rank(one) == rank(other)
}

/// MongoDB's order of values.
pub fn compare(one: &Bson, other: &Bson) -> Ordering {
    rank(one).cmp(&rank(other)).then_with(|| match (one, other) {
        (Bson::String(one), Bson::String(other)) => one.cmp(other),
        (Bson::ObjectId(one), Bson::ObjectId(other)) => one.cmp(other),
        (Bson::Boolean(one), Bson::Boolean(other)) => one.cmp(other),
        (Bson::DateTime(one), Bson::DateTime(other)) => one.cmp(other),
        (Bson::Double(_), _) | (_, Bson::Double(_)) => float(one).total_cmp(&float(other)),
        _ => match (number(one), number(other)) {
            (Some(one), Some(other)) => one.cmp(&other),
            // What has no order of its own here is compared by its bytes: enough to tell equal from different.
            _ => bytes(one).cmp(&bytes(other)),
        },
    })
}

fn float(value: &Bson) -> f64 {
    value.as_f64().or_else(|| number(value).map(|value| value as f64)).unwrap_or(f64::NAN)
}

fn bytes(value: &Bson) -> Vec<u8> {
    bson::to_vec(&bson::doc! {"": value.clone()}).unwrap_or_default()
}

/// Sorts by a `{field: 1 or -1}` document.
pub fn sort(documents: &mut [Document], by: &Document) {
    documents.sort_by(|one, other| {
        by.iter()
            .map(|(path, direction)| {
                let order = compare(&value_at(one, path), &value_at(other, path));
                if number(direction).is_some_and(|direction| direction < 0) { order.reverse() } else { order }
            })
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    });
}

/// Top-level projection: `{a: 1}` or `{a: 0}`.
pub fn project(document: Document, projection: &Document) -> Document {
    let keeps_id = projection.get("_id").is_none_or(truthy);
    let including = projection.iter().any(|(key, value)| key != "_id" && truthy(value));
    document
        .into_iter()
        .filter(|(key, _)| match projection.get(key) {
            _ if key == "_id" => keeps_id,
            Some(value) => truthy(value),
            None => !including,
        })
        .collect()
}

/// The document after an update. `inserting` also applies `$setOnInsert`.
pub fn update(document: &Document, update: &Document, inserting: bool) -> Outcome<Document> {
    if !update.keys().next().is_some_and(|key| key.starts_with('$')) {
        let mut new = Document::new();
        if let Some(id) = document.get("_id").or_else(|| update.get("_id")) {
            new.insert("_id", id.clone());
        }
        new.extend(update.clone().into_iter().filter(|(key, _)| key != "_id"));
        return Ok(new);
    }
    let mut new = document.clone();
    for (operator, operands) in update {
        let operands = operands.as_document().ok_or("Modifiers operate on fields but we found another type")?;
        for (path, operand) in operands {
            modify(&mut new, operator, path, operand, inserting)?;
        }
    }
    if let (Some(old), Some(new)) = (document.get("_id"), new.get("_id"))
        && old != new
    {
        return Err("Performing an update on the path '_id' would modify the immutable field '_id'".into());
    }
    Ok(new)
}

fn modify(document: &mut Document, operator: &str, path: &str, operand: &Bson, inserting: bool) -> Outcome<()> {
    let (parent, name) = match path.rsplit_once('.') {
        Some((above, name)) => (descend(document, above)?, name),
        None => (document, path),
    };
    match operator {
        "$set" => drop(parent.insert(name, operand.clone())),
        "$setOnInsert" if inserting => drop(parent.insert(name, operand.clone())),
        "$setOnInsert" => {}
        "$unset" => drop(parent.remove(name)),
        "$inc" => {
            let sum = match (parent.get(name), operand) {
                (None, operand) => operand.clone(),
                (Some(Bson::Int32(one)), Bson::Int32(other)) => {
                    one.checked_add(*other).map_or(Bson::Int64(i64::from(*one) + i64::from(*other)), Bson::Int32)
                }
                (Some(one @ (Bson::Int32(_) | Bson::Int64(_))), other @ (Bson::Int32(_) | Bson::Int64(_))) => {
                    Bson::Int64(number(one).unwrap_or(0).saturating_add(number(other).unwrap_or(0)))
                }
                (Some(one), other) if rank(one) == 2 && rank(other) == 2 => Bson::Double(float(one) + float(other)),
                _ => return Err("Cannot apply $inc to a value of non-numeric type".into()),
            };
            parent.insert(name, sum);
        }
        "$push" | "$addToSet" => {
            let list = parent.entry(name.to_owned()).or_insert_with(|| Bson::Array(Vec::new()));
            let Bson::Array(list) = list else { return Err(format!("The field '{path}' must be an array")) };
            let many = operand.as_document().and_then(|document| document.get_array("$each").ok());
            for item in many.map_or_else(|| vec![operand.clone()], Clone::clone) {
                if operator == "$push" || !list.contains(&item) {
                    list.push(item);
                }
            }
        }
        "$pull" => {
            if let Some(Bson::Array(list)) = parent.get_mut(name) {
                list.retain(|item| item != operand);
            }
        }
        other => {
            return Err(format!(
                "Unknown modifier: {other}. Expected a valid update modifier or pipeline-style update specified as an array"
            ));
        }
    }
    Ok(())
}

fn descend<'a>(document: &'a mut Document, path: &str) -> Outcome<&'a mut Document> {
    let mut here = document;
    for name in path.split('.') {
        let inner = here.entry(name.to_owned()).or_insert_with(|| Bson::Document(Document::new()));
        let Bson::Document(inner) = inner else { return Err(format!("Cannot create field in element {name}")) };
        here = inner;
    }
    Ok(here)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::doc;

    #[test]
    fn filters() -> Outcome<()> {
        let document = doc! {"a": 5, "b": {"c": "x"}, "d": ["one", "two"], "e": [{"f": 1}, {"f": 2}]};
        for (filter, wanted) in [
            (doc! {}, true),
            (doc! {"a": 5_i64}, true),
            (doc! {"a": {"$gt": 4.5, "$lte": 5}}, true),
            (doc! {"a": {"$gt": "4"}}, false),
            (doc! {"b.c": "x", "d": "two"}, true),
            (doc! {"e.f": 2}, true),
            (doc! {"z": {"$exists": false}}, true),
            (doc! {"z": null}, true),
            (doc! {"$or": [{"a": 1}, {"b.c": {"$in": ["x"]}}]}, true),
            (doc! {"a": {"$ne": 5}}, false),
        ] {
            assert_eq!(matches(&document, &filter)?, wanted, "{filter}");
        }
        assert!(matches(&document, &doc! {"a": {"$near": 1}}).is_err());
        Ok(())
    }

    #[test]
    fn updates() -> Outcome<()> {
        let old = doc! {"_id": 1, "a": 1, "list": ["x"]};
        let new = update(&old, &doc! {"$set": {"b.c": 2}, "$inc": {"a": 2}, "$addToSet": {"list": "x"}}, false)?;
        assert_eq!(new, doc! {"_id": 1, "a": 3, "list": ["x"], "b": {"c": 2}});
        assert_eq!(update(&old, &doc! {"n": 1}, false)?, doc! {"_id": 1, "n": 1});
        assert!(update(&old, &doc! {"$set": {"_id": 2}}, false).is_err());
        assert!(update(&old, &doc! {"$explode": {"a": 2}}, false).is_err());
        Ok(())
    }
}
