// What a page seldom needs: fetched at the first need, and kept by the service worker.
const parse=html=>new DOMParser().parseFromString(html,"text/html");
const twin=(f,page=document)=>$$("form[method=post]",page).find(o=>o.getAttribute("action")===f.getAttribute("action"));
// A token of our own, UUIDv7: a stored page would otherwise bring the same one each time it is opened.
const mint=()=>{
const hex=(n,l)=>n.toString(16).padStart(l,"0"),t=hex(Date.now(),12),r=[...crypto.getRandomValues(new Uint8Array(10))].map(b=>hex(b,2)).join("");
return`${t.slice(0,8)}-${t.slice(8)}-7${r.slice(0,3)}-8${r.slice(3,6)}-${r.slice(6,18)}`;
};
const renew=f=>{const op=$("[name=op_id]",f);if(op)op.value=mint()};
// Shrinks camera photos on the phone: 1600 px, JPEG 0.7. What cannot be shrunk goes up as it is.
const shrink=async file=>{
if(file.size<25e4)return file;
try{
const b=await createImageBitmap(file,{imageOrientation:"from-image"}),k=Math.min(1,1600/Math.max(b.width,b.height)),c=make("canvas",{width:b.width*k,height:b.height*k});
c.getContext("2d").drawImage(b,0,0,c.width,c.height);
const out=await new Promise(ok=>c.toBlob(ok,"image/jpeg",.7));
return out.size<file.size?new File([out],"photo.jpg",{type:out.type}):file;
}catch(_){return file}
};
const show=input=>$(".shots",input.closest(".field")).replaceChildren(...[...input.files].map(f=>make("img",{src:URL.createObjectURL(f),alt:f.name})));
const picture=async input=>{
const bag=new DataTransfer();
for(const f of input.files)bag.items.add(await shrink(f));
input.files=bag.files;
show(input);
};
// Puts fields into a form; says whether some have no place in it. Those go along unseen.
const fill=(f,fields)=>{
const at={};
let lost;
$$("input[type=checkbox],input[type=radio]",f).forEach(i=>i.checked=false);
for(const [name,value] of fields){
const all=[...f.elements].filter(i=>i.name===name),pick=all.find(i=>/radio|checkbox/.test(i.type)&&i.value===value);
at[name]=name in at?at[name]+1:0;
const i=pick||all[at[name]];
if(!i){lost=1;f.append(make("input",{type:"hidden",name,value}))}
else if(pick)i.checked=true;
else if(value instanceof Blob){try{const bag=new DataTransfer();bag.items.add(value);i.files=bag.files;show(i)}catch(_){}}
else if(!/file|radio|checkbox/.test(i.type))i.value=value;
}
return lost;
};
const offer=(f,k,at)=>{
const back=make("button",{type:"button",className:"btn q"},T.discard);
back.onclick=()=>{forget(k);location.reload()};
f.dataset.kept=1;
f.prepend(make("p",{className:"note kept"},T.restored.replace("%t",new Date(at).toLocaleTimeString(root.lang,{hour:"2-digit",minute:"2-digit"})),back));
fits.forEach(fit=>fit());
};
// Opens again what the address or the phone keeps for the page's forms, but for the one that has just been sent.
const revived=async(f,sent)=>{
const k=key(f);
if(k===sent||f.dataset.kept||!localStorage[k])return;
const{at,fields}=JSON.parse(localStorage[k]);
if(fill(f,fields)){
// Rows that were searched for and the like: the server makes the page that has them.
const a=await post({user,action:path(f.action),fields:[...fields,["op_id",mint()],["resumed",1]]},"follow"),page=a.html&&parse(a.html);
if(page&&twin(f,page)&&document.contains(f)){swap(page,f);restore(k);f=twin(f)}
}
offer(f,k,at);
};
const restore=window.restore=async sent=>{
posts().forEach(f=>revived(f,sent));
const m=/^#outbox=(\d+)$/.exec(location.hash),e=m&&await entry(+m[1]),f=e&&e.user===user&&posts().find(f=>path(f.action)===(e.form||e.action));
if(!f)return;
f.dataset.seq=e.seq;
fill(f,e.fields);
// A refused entry left nothing behind, so it may go as a new one; one that may have arrived keeps its token.
if(e.refused)renew(f);
};
// The browser's own way.
const plain=f=>{
unsafe=0;
HTMLFormElement.prototype.submit.call(f);
};
// Opens the answer in the form's own place in the history. It is here already: the worker hands it to the
// navigation, so that it is not fetched twice. Made anew, since a navigation refuses a response that was redirected.
// The page from which the form was opened is not opened a second time: the way leads back to it.
const arrive=async({page,html})=>{
const go=async()=>{
if(worker?.controller)await caches.open("once").then(c=>c.put(page.url,new Response(page.body,{headers:page.headers}))).catch(()=>{});
sessionStorage.from=from;
location.replace(page.url);
};
if(!from||here(from)!==here(page.url)||here(from)===here()||history.length<2)return go();
sessionStorage.done=(/<p class="toast"[^>]*>([^<]*)/.exec(html)||0)[1]||"";
// Where the place before was this page too, at another fragment, the form is still here.
addEventListener("popstate",go);
history.back();
};
// Puts a page in place of this one, with the photos that were chosen for its form.
const swap=(page,f)=>{
const call=$$(".call"),files=$$("[type=file]",f);
document.title=page.title;
document.body.replaceWith(page.body);
document.body.append(...call);
for(const old of files){const i=$(`[type=file][name="${old.name}"]`);if(i&&old.files.length){i.files=old.files;show(i)}}
$$("script[src]",page.head).map(s=>s.getAttribute("src")).forEach(src=>$(`script[src="${src}"]`)||document.head.append(make("script",{src,async:false})));
fits.forEach(fit=>fit());
history.replaceState(history.state,"",here()+location.hash);
count();
};
// Shows what the server says about a form: its page in place of this one, or what has no page of the form's, on top.
const answer=(f,html,k)=>{
const page=parse(html),said=$("[data-refusal]",page);
if(!$("main",page))return plain(f);
if(said){
free(f);
$("dialog")?.close();
$(".refusal")?.remove();
$$("form",said).forEach(form=>form.remove());
said.className="card errors refusal";
said.prepend(make("h2",{},$("h1",page).textContent));
$("main").prepend(said);
}else{
const y=twin(f,page)?scrollY:0;
if(!twin(f,page))steps.push(k);
swap(page,f);
restore(k);
if(localStorage[k]&&twin(f))save(twin(f));
scrollTo(0,y);
}
attend();
};
// A photo is with the server: the page is renewed around what is being typed.
const renewed=(f,a)=>{
const{id,selectionStart,selectionEnd}=document.activeElement,y=scrollY;
if(dirty)save(f);
$$("[type=file]",f).forEach(i=>i.value="");
swap(parse(a.html),f);
posts().forEach(o=>localStorage[key(o)]&&fill(o,JSON.parse(localStorage[key(o)]).fields));
const now=id&&document.getElementById(id);
if(now){now.focus();try{now.setSelectionRange(selectionStart,selectionEnd)}catch(_){}}
scrollTo(0,y);
};
// Kept in the outbox: the form is free for the next one.
const queued=(f,a,only,k)=>{
if(a.is==="full")return toast(T.full);
toast(T.queued);
count();
if(only)$$("[type=file]",f).forEach(i=>i.value="");
else{forget(k);dirty=0;f.reset()}
renew(f);delete f.dataset.seq;
$$(".shots",f).forEach(s=>s.replaceChildren());
worker?.ready.then(r=>r.sync.register("outbox")).catch(()=>{});
};
// An incoming call.
const popup=call=>{
$(".call")?.remove();
const box=make("div",{className:"call",tabIndex:-1,innerHTML:call.html}),close=make("button",{className:"ib"},"✕");
box.setAttribute("role","alertdialog");
box.setAttribute("aria-label",$("h2",box).textContent);
close.setAttribute("aria-label",T.close);
close.onclick=()=>box.remove();
box.onkeydown=e=>e.key=="Escape"&&box.remove();
box.append(close);
document.body.append(box);
// Whoever is typing goes on typing.
dirty||box.focus();
};
if(stored){
posts().forEach(renew);
$("main").prepend(make("p",{className:"note"},T.stored+" "+new Date(+stored).toLocaleString(root.lang,{month:"numeric",day:"numeric",hour:"2-digit",minute:"2-digit"})));
}
// A message came in. The open conversation shows it itself.
const message=m=>{
if(location.pathname===m.href)return dirty||location.reload();
toast("");
$(".toast").append(make("a",{href:m.href},m.text));
};
// A wide screen has keys, and records beside their lists.
innerWidth>899&&document.head.append(make("script",{src:T.late.replace("late","desk")}));
