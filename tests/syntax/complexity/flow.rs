fn straight(a: i32, (b, c): (i32, i32)) -> i32 { // cyclomatic 1 cognitive 0 parameters 2
    a
}

fn branches(a: Option<i32>) -> i32 { // cyclomatic 4 cognitive 4 nesting 1
    if let Some(1) = a { // +1
        1
    } else if a.is_some() && a != Some(2) { // +1 +1
        2
    } else { // +1
        3
    }
}

fn labels(rows: &[Vec<i32>]) { // cyclomatic 4 cognitive 10 nesting 3
    'rows: for row in rows { // +1
        loop { // +2
            if row.is_empty() { // +3
                continue 'rows; // +1
            }
            break;
        }
        while row.len() > 1 { // +2
            break 'rows; // +1
        }
    }
}

fn matching(command: &str) -> Result<u8, Error> { // cyclomatic 4 cognitive 1
    let first = parse(command)?;
    match first { // +1
        0 | 1 => Ok(0),
        2 => Ok(1),
        _ => Ok(2),
    }
}

fn chains(a: bool, b: bool) -> bool { // cyclomatic 6 cognitive 4
    use_it(a && b || a); // +2
    if let Some(x) = y() && a && x { // +1 +1, cyclomatic 3
        return true;
    }
    false
}

fn closures(items: Vec<i32>) { // cyclomatic 2 cognitive 6
    let weigh = |item: i32, _factor: i32| if item > 0 { 1 } else { 2 }; // cyclomatic 2 cognitive 2 parameters 2
    items.iter().map(|item| if *item > 0 { 1 } else { weigh(2, 1) }); // +2 +1, and +2 +1 for weigh
}

struct Tree;

impl Tree {
    fn walk(&self, depth: usize) -> usize { // cyclomatic 1 cognitive 1 parameters 1
        self.walk(depth + 1) // +1 for the cycle
    }

    fn make(self: Box<Self>) -> usize { // cyclomatic 1 cognitive 1 parameters 0
        Self::make(self) // +1 for the cycle
    }

    fn walk_other(other: &Tree) -> usize { // cyclomatic 1 cognitive 0 parameters 1
        other.walk_other()
    }
}

trait Shape {
    fn area(&self) -> f64;
    fn double(&self) -> f64 { self.area() * 2.0 } // cyclomatic 1 cognitive 0
}
