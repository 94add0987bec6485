// Forms that may wait: kept on the phone first, then sent. The page learns how it went.
const send=async(f,button)=>{
const data=new FormData(f);
if(button&&button.name)data.append(button.name,button.value);
const e={user,kind:f.dataset.offline,name:[button&&button.textContent,$("h1").firstChild.data,($("input[type=text]",f)||0).value].filter(Boolean).join(" · "),action:path(f.action),page:path(location),multi:f.enctype.startsWith("multipart"),fields:[...data].filter(([,v])=>v.size!==0),at:Date.now(),state:"waiting"};
if(f.dataset.seq)e.seq=+f.dataset.seq;
try{e.seq=await put(e)}catch(_){
free(f);
return navigator.onLine===false?toast(T.full):plain(f,button);
}
dirty=0;
await known;
const a=navigator.onLine===false?{}:await drain(user,e.seq)||{};
if(a.is==="done")return arrive(a.page);
if(a.is==="refused"){await drop(e.seq);return refuse(f,a.html)}
if(a.is==="signin")return location="/login?next=/outbox";
toast(T.queued);
count();
f.reset();renew(f);free(f);delete f.dataset.seq;
$$(".shots",f).forEach(s=>s.replaceChildren());
if(worker)worker.ready.then(r=>r.sync.register("outbox")).catch(()=>{});
};
// The answer is here already: the worker hands it to the navigation, so that it is not fetched twice. Made
// anew, since a navigation refuses a response that was redirected.
const arrive=async r=>{
if(worker&&worker.controller)await caches.open("once").then(c=>c.put(r.url,new Response(r.body,{headers:r.headers}))).catch(()=>{});
location=r.url;
};
// Shows what the server says about the form, with the photos that were chosen for it.
const refuse=(f,html)=>{
const page=new DOMParser().parseFromString(html,"text/html"),main=$("main",page),files=$$("[type=file]",f);
if(!main)return plain(f);
document.title=page.title;
$("main").replaceWith(main);
for(const old of files){const i=$(`[type=file][name="${old.name}"]`,main);if(i){i.files=old.files;show(i)}}
const wrong=$(".errors",main)||main;
wrong.tabIndex=-1;wrong.focus();
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
if(/^#outbox=/.test(location.hash))document.head.append(make("script",{src:T.reopen}));
