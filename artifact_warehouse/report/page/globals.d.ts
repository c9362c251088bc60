// The libraries of vendor/, as far as the page uses them.
declare const marked: { lexer(text: string): any[] };
declare const Prism: { tokenize(text: string, grammar: any): any[]; languages: Record<string, any> };
