// What every behaviour stands on: who looks, delegated events, toasts, fresh form tokens, the worker.
const root=document.documentElement,worker=navigator.serviceWorker,user=document.body.dataset.user||"",stored=root.dataset.stored;
// Shows what a file field holds; where photos are taken, photo.js knows how.
let show=()=>{};
const $=(s,e=document)=>e.querySelector(s),$$=(s,e=document)=>[...e.querySelectorAll(s)];
const make=(tag,set,...inside)=>{const e=Object.assign(document.createElement(tag),set);e.append(...inside);return e};
const on=(type,selector,f)=>document.addEventListener(type,e=>{const m=e.target.closest?.(selector);if(m)f(e,m)});
const toast=(text,href)=>{
$$(".toast").forEach(t=>t.remove());
const t=make("p",{className:"toast"},href?make("a",{href},text):text);
t.setAttribute("role","status");
$("main").append(t);
};
// A token of our own, UUIDv7: a stored page would otherwise bring the same one each time it is opened.
const mint=()=>{
const hex=(n,l)=>n.toString(16).padStart(l,"0"),t=hex(Date.now(),12),r=[...crypto.getRandomValues(new Uint8Array(10))].map(b=>hex(b,2)).join("");
return`${t.slice(0,8)}-${t.slice(8)}-7${r.slice(0,3)}-8${r.slice(3,6)}-${r.slice(6,18)}`;
};
const renew=f=>{const op=$("[name=op_id]",f);if(op)op.value=mint()};
const path=url=>{const u=new URL(url,location);return u.pathname+u.search};
// The pages tell the worker-less browser too who is signed in; a stored page knows nothing about now.
const known=stored?Promise.resolve():iam(user);
if(stored){
$$("form[method=post]").forEach(renew);
$("main").prepend(make("p",{className:"note"},T.stored+" "+new Date(+stored).toLocaleString(root.lang,{month:"numeric",day:"numeric",hour:"2-digit",minute:"2-digit"})));
}
// Pages to be read on the road are fetched later, not while somebody is on the way to another one.
if(user&&worker)worker.register("/sw.js",{updateViaCache:"all"}).then(()=>worker.ready).then(r=>stored||setTimeout(()=>r.active.postMessage([location.href,"/outbox",...$$(".tab a").map(a=>a.href)]),worker.controller&&4e3)).catch(()=>{});
