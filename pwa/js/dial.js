// Whoever comes back from the telephone is asked what came of it.
on("click","[data-dial]",(e,link)=>{
const ask=()=>{
if(document.hidden)return;
document.removeEventListener("visibilitychange",ask);
location=link.dataset.dial;
};
document.addEventListener("visibilitychange",ask);
});
