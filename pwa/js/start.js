// What every behaviour stands on: who looks, delegated events, toasts, the worker.
const root=document.documentElement,worker=navigator.serviceWorker,user=document.body.dataset.user||"",stored=root.dataset.stored;
const $=(s,e=document)=>e.querySelector(s),$$=(s,e=document)=>[...e.querySelectorAll(s)];
const make=(tag,set,...inside)=>{const e=Object.assign(document.createElement(tag),set);e.append(...inside);return e};
const on=(type,selector,f)=>document.addEventListener(type,e=>{const m=e.target.closest?.(selector);if(m)f(e,m)});
const toast=text=>{
$$(".toast").forEach(t=>t.remove());
const t=make("p",{className:"toast"},text);
t.setAttribute("role","status");
$("main").append(t);
};
// What each part does to the fields of a page, and does again to a page that is put in its place.
const fits=[],fit=f=>{fits.push(f);f()};
const path=url=>{const u=new URL(url,location);return u.pathname+u.search};
// The pages tell the worker-less browser too who is signed in; a stored page knows nothing about now.
const known=stored?Promise.resolve():iam(user);
// Pages to be read on the road are fetched later, not while somebody is on the way to another one.
if(user&&worker)worker.register("/sw.js",{updateViaCache:"all"}).then(()=>worker.ready).then(r=>stored||setTimeout(()=>r.active.postMessage([location.href,"/outbox",...$$(".tab .t").map(a=>a.href)]),worker.controller&&4e3)).catch(()=>{});
