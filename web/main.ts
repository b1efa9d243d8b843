import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/fonts.css';
import './styles/app.css';
import { mount } from 'svelte';
import App from './app.svelte';

const place = document.getElementById('app');
if (place) mount(App, { target: place });
