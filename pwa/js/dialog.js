// A question that has a page of its own opens on top of this one.
on("click","a[data-dialog]",async(e,a)=>{
if(e.ctrlKey||e.metaKey||!window.HTMLDialogElement)return;
e.preventDefault();
try{
const r=await fetch(a.href),ask=r.ok&&$("[data-ask]",new DOMParser().parseFromString(await r.text(),"text/html"));
if(!ask)throw 0;
const d=make("dialog",{},ask);
d.setAttribute("aria-label",$("h2",d).textContent);
d.onclose=()=>d.remove();
d.onclick=e=>{
const back=e.target.closest("a");
if(e.target===d||back&&back.pathname===location.pathname){e.preventDefault();d.close()}
};
document.body.append(d);
d.showModal();
revive();
}catch(_){location=a.href}
});
