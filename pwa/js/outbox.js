// Sends a form and shows what came of it. Forms that may wait go through the outbox: wait.js.
let waits;
const send=async(f,button)=>{
const b=button||f,data=new FormData(f),k=key(f),only="only" in b.dataset,named=button&&b.name;
if(named)data.append(b.name,b.value);
const e={user,action:path(b.hasAttribute("formaction")?b.formAction:f.action),multi:!!$("[type=file]",f),fields:[...data].filter(([n,v])=>v.size!==0&&(!only||v.size||n==="op_id"))},out=waits&&f.dataset.offline&&!named&&await waits(f,b,e),a=out||await post(e,"follow");
if(a.is==="done"&&a.page.redirected){
if(only)return late(()=>renewed(f,a));
forget(k);
unsafe=dirty=0;
return late(()=>arrive(a,f),()=>location.replace(a.page.url));
}
if(a.is==="signin")return location="/login?next="+encodeURIComponent(out?"/outbox":here());
if(a.is==="done"||a.is==="refused"||!out&&a.html){
if(out)await drop(e.seq);
return late(()=>answer(f,a.html,k));
}
free(f);
out?late(()=>queued(f,a,only,k),()=>toast(T.queued)):toast(T.offline);
};
// How many wait, on every page.
const count=async()=>{
const all=user?await entries(user).catch(()=>[]):[];
$("#waiting")?.remove();
if(all.length&&!$("[data-outbox]"))$("main").prepend(make("a",{id:"waiting",className:"note",href:"/outbox"},T[all.every(due)?"some":"kept"].replace("%n",all.length)));
};
const pump=()=>user&&!document.hidden&&known.then(()=>drain(user)).catch(()=>{});
pump();
addEventListener("outbox",count);
addEventListener("online",pump);
document.addEventListener("visibilitychange",pump);
if(worker)worker.onmessage=()=>dispatchEvent(new Event("outbox"));
