// What is typed into a form is kept for its person, by page and form, until it is sent or discarded. In
// localStorage, which writes at once: a reload does not wait for a database.
const posts=()=>user?$$("form[method=post]"):[];
const key=f=>`d|${user}|${here()}|${path(f.action)}|`+posts().filter(o=>o.action===f.action).indexOf(f);
// Passwords and codes are not kept, nor is a place, which is measured anew.
const save=f=>{
const fields=[...f.elements].filter(i=>i.name&&i.name!=="op_id"&&!/^(password|file|submit)$/.test(i.type)&&i.autocomplete!=="one-time-code"&&!i.closest("[data-locate]")&&(!/radio|checkbox/.test(i.type)||i.checked)).map(i=>[i.name,i.value]);
try{localStorage[key(f)]=JSON.stringify({at:Date.now(),fields})}catch(_){unsafe=1}
};
// Forms whose answer was a further step, such as a preview, are done with the last step.
const steps=[];
const forget=k=>[k,...steps].forEach(s=>delete localStorage[s]);
document.addEventListener("input",e=>{
const f=e.target.form;
if(f&&user&&f.matches("[method=post]")&&e.target.type!=="file"){dirty=1;save(f)}
});
// Runs what needs late.js.
const late=(f,no)=>{
if(window.restore)return f();
const s=$("#late")||make("script",{id:"late",src:T.late});
s.addEventListener("load",f);
s.addEventListener("error",()=>{s.remove();no?.()});
document.head.append(s);
};
// A wide screen has its own keys, which late.js fetches.
const revive=()=>(stored||innerWidth>899||/^#outbox=/.test(location.hash)||posts().some(f=>localStorage[key(f)]))&&late(()=>restore());
revive();
