// Whoever signs out with entries left is told first.
before.push(f=>f.matches("[action='/logout']")&&entries(user).then(all=>!all.length||confirm(T.leave.replace("%n",all.length)),()=>true));
