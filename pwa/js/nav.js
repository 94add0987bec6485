// Forms are sent once, after what they wait for, and the page stays until the answer is here.
const before=[];
let dirty,unsafe,from=sessionStorage.from;
const free=f=>delete f.dataset.busy;
const here=u=>{const l=new URL(u||location);["done","auto"].forEach(p=>l.searchParams.delete(p));return l.pathname+l.search};
// The page before this one. What took the place of a sent form says so itself: its referrer is that form.
if(from==null)from=(history.state||0).from||document.referrer;
else history.replaceState({from},"");
delete sessionStorage.from;
// What could not be kept is not left by accident.
addEventListener("beforeunload",e=>{if(unsafe){e.preventDefault();e.returnValue=1}});
addEventListener("pageshow",e=>{
const done=sessionStorage.done,sent=$$("[data-busy]");
// As it was left, the page shows a form that was sent, or lacks what came of it.
if(e.persisted&&(done||sent.length))return location.reload();
if(done)toast(done);
delete sessionStorage.done;
sent.forEach(free);
});
document.addEventListener("submit",async e=>{
const f=e.target,button=e.submitter;
if(!f.matches("[method=post]"))return;
if(f.dataset.busy)return e.preventDefault();
f.dataset.busy=1;
if(!user)return;
e.preventDefault();
if((await Promise.all(before.map(b=>b(f)))).includes(false))return free(f);
path(f.action)==="/logout"?f.submit():send(f,button);
});
on("click","header .back",e=>{
if(from.startsWith(location.origin+"/")&&here(from)!==here()&&!/^\/login/.test(here(from))&&history.length>1){e.preventDefault();history.back()}
});
// Where one field is wrong it has the focus, else the summary.
const attend=()=>{
const bad=$$("[aria-invalid]"),to=bad.length===1&&$$(".errors li").length<2?bad[0]:$(".errors")||$("[autofocus]");
if(to){if(to.matches("section"))to.tabIndex=-1;to.focus();bad[0]===to&&to.scrollIntoView({block:"center"})}
};
attend();
