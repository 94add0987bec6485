// A conversation opens at its end and is marked as read once it is visible.
fit(()=>$$("[data-talk]").forEach(list=>{
const d=list.dataset,area=$("#say textarea"),seen=()=>{
if(document.hidden||!d.talk)return;
fetch(d.talk,{method:"POST",body:new URLSearchParams({op_id:d.op})}).catch(()=>{});
d.talk="";
};
scrollTo(0,root.scrollHeight);
if(!stored){seen();document.addEventListener("visibilitychange",seen)}
if(!area)return;
const grow=()=>{area.style.height="auto";area.style.height=area.scrollHeight+2+"px"};
area.addEventListener("input",grow);
area.addEventListener("keydown",e=>{if(e.key=="Enter"&&(e.ctrlKey||e.metaKey)){e.preventDefault();area.form.requestSubmit()}});
grow();
}));
