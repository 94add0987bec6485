// After a call the page of that call opens, where its result is recorded.
on("click","[data-dial]",(e,link)=>{
const ask=()=>{
if(document.hidden)return;
document.removeEventListener("visibilitychange",ask);
location=link.dataset.dial;
};
document.addEventListener("visibilitychange",ask);
});
