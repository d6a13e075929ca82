//! Checks a condition when it is compiled: names, functions, and that every operator fits its values. The
//! language itself would only find out while it runs, and a slip would look like an unknown value.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, LiteralValue, SelectExpr, operators};

use super::fields::Sort::{self, Flag, Names, Number, Numbers, Text, Texts};
use super::fields::{Field, RECORDS};
use super::network::{self, IN_SUBNET};

type Checked = Result<Sort, String>;

/// What is known on the way.
#[derive(Default)]
struct Scope<'e> {
    /// Names of the lists being gone through, with the kind of their elements, innermost last.
    variables: Vec<(&'e str, Sort)>,
    /// Record and field of what was named, each once.
    named: Vec<(&'static str, &'static Field)>,
}

/// Checks that an expression is true or false and everything in it exists and fits; answers the fields it
/// names.
pub(super) fn check(expression: &IdedExpr) -> Result<Vec<(&'static str, &'static Field)>, String> {
    let mut scope = Scope::default();
    match sort_of(expression, &mut scope)? {
        Sort::Flag => Ok(scope.named),
        other => Err(format!("it is a {}, not true or false", other.name())),
    }
}

fn sort_of<'e>(expression: &'e IdedExpr, scope: &mut Scope<'e>) -> Checked {
    match &expression.expr {
        Expr::Literal(literal) => literal_sort(literal),
        Expr::Ident(name) => ident(name, scope),
        Expr::Select(select) => field(select, scope),
        Expr::Call(call) => match &call.target {
            Some(target) => method(target, call, scope),
            None => operator(call, scope),
        },
        Expr::List(list) => {
            let mut sort = None;
            for element in &list.elements {
                let this = sort_of(element, scope)?;
                if *sort.get_or_insert(this) != this {
                    return Err("a list holds texts or numbers, not both".to_owned());
                }
            }
            match sort {
                None | Some(Sort::Text) => Ok(Sort::Texts),
                Some(Sort::Number) => Ok(Sort::Numbers),
                Some(other) => Err(format!("a list cannot hold a {}", other.name())),
            }
        }
        Expr::Comprehension(comprehension) => comprehend(comprehension, scope),
        Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
            Err("maps and structures have no use in a condition".to_owned())
        }
    }
}

fn literal_sort(literal: &LiteralValue) -> Checked {
    match literal {
        LiteralValue::Boolean(_) => Ok(Sort::Flag),
        LiteralValue::Int(_) => Ok(Sort::Number),
        LiteralValue::String(_) => Ok(Sort::Text),
        LiteralValue::Double(_) | LiteralValue::UInt(_) => {
            Err("numbers are whole and written as `42`".to_owned())
        }
        LiteralValue::Null => {
            Err("`null` is no value of an asset: ask with `has(device.model)`".to_owned())
        }
        LiteralValue::Bytes(_) => Err("bytes are no value of an asset".to_owned()),
    }
}

fn ident(name: &str, scope: &Scope<'_>) -> Checked {
    if let Some((_, sort)) = scope.variables.iter().rev().find(|(known, _)| *known == name) {
        return Ok(*sort);
    }
    if RECORDS.iter().any(|(record, _)| *record == name) {
        return Err(format!("`{name}` is a record: name one of its fields, as in `{name}.…`"));
    }
    Err(format!("there is no `{name}`: there are {}", record_names()))
}

fn record_names() -> String {
    RECORDS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn field(select: &SelectExpr, scope: &mut Scope<'_>) -> Checked {
    let Expr::Ident(name) = &select.operand.expr else {
        return Err(format!("`.{}` is asked of something that has no fields", select.field));
    };
    if scope.variables.iter().any(|(known, _)| known == name) {
        return Err(format!("`{name}` has no fields"));
    }
    let Some((record, fields)) = RECORDS.iter().find(|(record, _)| record == name) else {
        return Err(format!("there is no `{name}`: there are {}", record_names()));
    };
    let Some(field) = fields.iter().find(|field| field.name == select.field) else {
        let names: Vec<_> = fields.iter().map(|field| field.name).collect();
        let names = names.join(", ");
        return Err(format!("`{name}` has no `{}`: it has {names}", select.field));
    };
    if !scope.named.iter().any(|(known, one)| known == record && one.name == field.name) {
        scope.named.push((record, field));
    }
    Ok(if select.test { Sort::Flag } else { field.sort })
}

fn operator<'e>(call: &'e CallExpr, scope: &mut Scope<'e>) -> Checked {
    let name = call.func_name.as_str();
    let sorts: Vec<Sort> =
        call.args.iter().map(|argument| sort_of(argument, scope)).collect::<Result<_, _>>()?;
    let shown = || sorts.iter().map(|sort| sort.name()).collect::<Vec<_>>().join(" and ");
    let misfit = |what: &str| Err(format!("{what} is not made for {}", shown()));
    match (name, sorts.as_slice()) {
        (operators::LOGICAL_AND | operators::LOGICAL_OR, [Flag, Flag])
        | (operators::LOGICAL_NOT | operators::NOT_STRICTLY_FALSE, [Flag])
        | (
            operators::EQUALS | operators::NOT_EQUALS,
            [Text, Text] | [Number, Number] | [Flag, Flag],
        )
        | (
            operators::LESS
            | operators::LESS_EQUALS
            | operators::GREATER
            | operators::GREATER_EQUALS,
            [Number, Number] | [Text, Text],
        )
        | (operators::IN, [Text, Texts | Names] | [Number, Numbers]) => Ok(Flag),
        (
            operators::ADD
            | operators::SUBSTRACT
            | operators::MULTIPLY
            | operators::DIVIDE
            | operators::MODULO,
            [Number, Number],
        )
        | (operators::NEGATE, [Number])
        | ("size", [Text | Texts | Numbers]) => Ok(Number),
        (operators::ADD, [Texts, Texts]) => Ok(Texts),
        (operators::CONDITIONAL, [Flag, yes, no]) if yes == no => Ok(*yes),
        (operators::CONDITIONAL, _) => misfit("`? :`"),
        (operators::EQUALS | operators::NOT_EQUALS, [Texts | Names | Numbers, _]) => {
            Err("lists are not compared: ask with `in`, `exists` or `all`".to_owned())
        }
        (operators::IN, _) => misfit("`in`"),
        (operators::INDEX, _) => {
            Err("lists have no fixed order: ask with `in`, `exists` or `all`".to_owned())
        }
        (name, _) if name.starts_with(['_', '!', '-', '@']) => {
            misfit(&format!("`{}`", name.trim_matches(['_', '@'])))
        }
        ("size", _) => misfit("`size`"),
        (name, _) => Err(unknown_function(name)),
    }
}

fn method<'e>(target: &'e IdedExpr, call: &'e CallExpr, scope: &mut Scope<'e>) -> Checked {
    let name = call.func_name.as_str();
    let on = sort_of(target, scope)?;
    let sorts: Vec<Sort> =
        call.args.iter().map(|argument| sort_of(argument, scope)).collect::<Result<_, _>>()?;
    match (name, on, sorts.as_slice()) {
        ("startsWith" | "endsWith" | "contains", Sort::Text, [Sort::Text]) => Ok(Sort::Flag),
        (IN_SUBNET, Sort::Text, [Sort::Text]) => {
            // A prefix that is written out and wrong would be unknown for ever.
            if let Some(Expr::Literal(LiteralValue::String(prefix))) =
                call.args.first().map(|argument| &argument.expr)
                && network::parse_prefix(prefix.inner()).is_none()
            {
                let prefix = prefix.inner();
                return Err(format!("`{prefix}` is not a prefix such as 192.0.2.0/24"));
            }
            Ok(Sort::Flag)
        }
        ("size", Sort::Text | Sort::Texts | Sort::Numbers, []) => Ok(Sort::Number),
        ("startsWith" | "endsWith" | "contains" | "size" | IN_SUBNET, on, _) => {
            Err(format!("`{name}` is not made for a {} and what it is given", on.name()))
        }
        (name, ..) => Err(unknown_function(name)),
    }
}

fn unknown_function(name: &str) -> String {
    format!(
        "there is no function `{name}`: there are startsWith, endsWith, contains, size, {IN_SUBNET}, \
         has, exists, exists_one, all and filter"
    )
}

fn comprehend<'e>(comprehension: &'e ComprehensionExpr, scope: &mut Scope<'e>) -> Checked {
    // One list at a time: the cost of a condition grows with what it looks at, never with its square.
    if scope.variables.iter().any(|(name, _)| name.starts_with('@')) {
        return Err("a list cannot be gone through within another".to_owned());
    }
    let element = match sort_of(&comprehension.iter_range, scope)? {
        Sort::Texts => Sort::Text,
        Sort::Numbers => Sort::Number,
        Sort::Names => {
            return Err("packages are asked for by name: `\"nginx\" in device.packages`".to_owned());
        }
        other => return Err(format!("a {} cannot be gone through", other.name())),
    };
    if comprehension.iter_var2.is_some() {
        return Err("a list has one variable".to_owned());
    }
    if RECORDS.iter().any(|(record, _)| *record == comprehension.iter_var) {
        return Err(format!("`{}` is the name of a record", comprehension.iter_var));
    }
    let result = sort_of(&comprehension.accu_init, scope)?;
    let before = scope.variables.len();
    scope.variables.push((&comprehension.iter_var, element));
    scope.variables.push((&comprehension.accu_var, result));
    for (part, wanted) in
        [(&comprehension.loop_cond, Sort::Flag), (&comprehension.loop_step, result)]
    {
        let sort = sort_of(part, scope)?;
        if sort != wanted {
            return Err(format!(
                "in a list, a {} stands where {} must",
                sort.name(),
                wanted.name()
            ));
        }
    }
    let sort = sort_of(&comprehension.result, scope);
    scope.variables.truncate(before);
    sort
}
